using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Dialects.Gemini;

/// <summary>Composes the body that leaves from slices of the client's: what is not changed is not touched.</summary>
internal sealed class GeminiComposer(ClientRequest request, RequestChanges changes)
{
    private const string ConfigName = "generationConfig";
    private const string LimitName = "maxOutputTokens";

    private readonly SplicedBody _body = new();
    private readonly GeminiSettings _overrides = GeminiSettings.Of(changes.Overrides, changes.Model);
    private readonly GeminiSettings _defaults = GeminiSettings.Of(changes.Defaults, changes.Model);
    private readonly HashSet<string> _dropped = [.. changes.Dropped.Select(GeminiSettings.NameOf)];
    private bool _hasMembers;

    /// <summary>
    /// Who wins where several name the same member: overrides before what is dropped, that before the client's body, that before defaults.
    /// The model stands in the path and is left out.
    /// </summary>
    public SplicedBody Compose()
    {
        if (IsUnchanged())
        {
            _body.Add(request.Body);
            return _body;
        }
        var seen = new HashSet<string>();
        Open();
        foreach (var member in request.Members)
        {
            var name = GeminiTerms.NameOf(request.Body, member);
            if (member.Kind == MemberKind.Model || name == ConfigName)
                continue;
            seen.Add(name);
            if (IsFree(name, _overrides.Root))
                Keep(request.Body, member);
        }
        WriteConfig();
        foreach (var (name, json) in _overrides.Root)
            Insert(name, json);
        foreach (var (name, json) in _defaults.Root)
        {
            if (!seen.Contains(name) && IsFree(name, _overrides.Root))
                Insert(name, json);
        }
        Close();
        return _body;
    }

    private bool IsUnchanged() =>
        changes.Overrides.Count == 0 && changes.Defaults.Count == 0 && changes.Dropped.Count == 0
        && !request.Members.Any(static member => member.Kind == MemberKind.Model)
        && (changes.OutputCap is not { } cap || request.Terms.RealLimit <= cap);

    /// <summary>Writes the one <c>generationConfig</c> that leaves, unless nothing is in it.</summary>
    private void WriteConfig()
    {
        var config = ConfigOf();
        var members = new List<JsonMember>();
        if (!config.IsEmpty)
            BodyScanner.TryScan(config, members);
        var inserted = Inserted([.. members.Select(member => GeminiTerms.NameOf(config, member))]);
        if (members.Count == 0 && inserted.Count == 0)
            return;
        Separate();
        _body.Add(Encoding.ASCII.GetBytes($"\"{ConfigName}\":"));
        Open();
        foreach (var member in members)
        {
            var name = GeminiTerms.NameOf(config, member);
            if (IsFree(name, _overrides.Config) && name != LimitName)
                Keep(config, member);
        }
        foreach (var (name, json) in inserted)
            Insert(name, json);
        Close();
        _hasMembers = true;
    }

    private List<KeyValuePair<string, byte[]>> Inserted(HashSet<string> present)
    {
        List<KeyValuePair<string, byte[]>> inserted =
        [
            .. _overrides.Config.Where(static pair => pair.Key != LimitName),
            .. _defaults.Config.Where(pair => pair.Key != LimitName && !present.Contains(pair.Key) && IsFree(pair.Key, _overrides.Config)),
        ];
        if (Limit() is { } limit)
            inserted.Add(new(LimitName, Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture))));
        return inserted;
    }

    /// <summary>The limit that leaves, up to the cap. Null: none.</summary>
    private long? Limit()
    {
        var own = LimitIn(_overrides.Config);
        var isDropped = _dropped.Contains(LimitName);
        var limit = own ?? (isDropped ? null : request.Terms.RealLimit ?? LimitIn(_defaults.Config));
        if (changes.OutputCap is not { } cap)
            return limit;
        return limit is { } set ? Math.Min(set, cap) : changes.LimitName is null ? null : cap;
    }

    private static long? LimitIn(List<KeyValuePair<string, byte[]>> config)
    {
        var json = config.Find(static pair => pair.Key == LimitName).Value;
        return json is not null && long.TryParse(Encoding.UTF8.GetString(json), CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    /// <summary>The client's <c>generationConfig</c>; empty where there is none.</summary>
    private ReadOnlySequence<byte> ConfigOf()
    {
        foreach (var member in request.Members)
        {
            if (GeminiTerms.NameOf(request.Body, member) != ConfigName)
                continue;
            var value = request.ValueOf(member);
            var reader = BodyScanner.Reader(value);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && !_dropped.Contains(ConfigName) ? value : default;
        }
        return default;
    }

    /// <summary>True when neither a drop nor an override speaks of the name.</summary>
    private bool IsFree(string name, List<KeyValuePair<string, byte[]>> overrides) =>
        !_dropped.Contains(name) && !overrides.Exists(pair => pair.Key == name);

    private void Open()
    {
        _body.Add("{"u8.ToArray());
        _hasMembers = false;
    }

    private void Close() => _body.Add("}"u8.ToArray());

    private void Keep(ReadOnlySequence<byte> json, in JsonMember member)
    {
        Separate();
        _body.Add(json.Slice(member.Start, member.End - member.Start));
    }

    private void Insert(string name, byte[] json)
    {
        Separate();
        _body.Add(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(name)}\":"));
        _body.Add(json);
    }

    private void Separate()
    {
        if (_hasMembers)
            _body.Add(","u8.ToArray());
        _hasMembers = true;
    }
}

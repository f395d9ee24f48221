using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Composes the body that leaves from slices of the client's body: what is not changed is not touched.</summary>
internal sealed class BodyComposer(ClientRequest request)
{
    private const string ModelName = "model";
    private const string StreamOptionsName = "stream_options";

    private static readonly byte[] Open = [(byte)'{'];
    private static readonly byte[] Close = [(byte)'}'];
    private static readonly byte[] Comma = [(byte)','];

    private readonly SplicedBody _body = new();
    private bool _hasMembers;

    /// <summary>True once a limit of output tokens was written that does not pass the cap.</summary>
    private bool _hasLimit;

    /// <summary>The client's limit that leaves under another name. Null: none does.</summary>
    private JsonMember? _renamed;

    /// <summary>Start and end of the run of client bytes that is kept and not written yet.</summary>
    private int _runStart = -1;
    private int _runEnd;

    /// <summary>
    /// Who wins where several name the same member: overrides before what is dropped, that before the client's body with its
    /// extra_body, that before defaults. The model is sent in any case, but where the URL names it.
    /// </summary>
    public SplicedBody Compose(RequestChanges changes)
    {
        _body.Add(Open);
        _renamed = Renamed(changes);
        foreach (var member in request.Members)
        {
            if (member.Kind == MemberKind.Model && !changes.OmitsModel)
                Replace(member, JsonString(changes.Model));
            else if (!Leaves(member.Kind) || IsReplaced(request.Body, member, changes))
                FlushRun(); // left out: the next member that is kept brings its own comma
            else if (IsLimit(member.Kind))
                Limit(member, changes);
            else if (member.Kind == MemberKind.StreamOptions && changes.AskForStreamUsage)
                Replace(member, WithUsage(request.ValueOf(member)));
            else
                Keep(member);
        }
        FlushRun();
        Append(changes);
        _body.Add(Close);
        return _body;
    }

    /// <summary>True for what a provider may see of a client's members.</summary>
    internal static bool Leaves(MemberKind kind) => kind is MemberKind.Other or MemberKind.User or MemberKind.Stream or MemberKind.StreamOptions
        or MemberKind.MaxTokens or MemberKind.MaxCompletionTokens or MemberKind.MaxOutputTokens or MemberKind.Metadata
        || AnswerTerms.IsTerm(kind);

    private void Append(RequestChanges changes)
    {
        if (!changes.OmitsModel && request.Find(ModelName) is null)
            Insert(ModelName, JsonString(changes.Model));
        var extras = ExtraMembers(changes);
        foreach (var (json, member) in extras)
            InsertSlice(json.Slice(member.Start, member.End - member.Start));
        foreach (var (name, json) in changes.Overrides)
        {
            if (name != ModelName)
                InsertSetting(name, json, changes);
        }
        foreach (var (name, json) in changes.Defaults)
        {
            if (name != ModelName && IsFree(name, changes) && request.Find(name) is null && !extras.Exists(e => BodyScanner.NameIs(e.Json, e.Member, name)))
                InsertSetting(name, name == StreamOptionsName && changes.AskForStreamUsage
                    ? Encoding.UTF8.GetString(WithUsage(new(Encoding.UTF8.GetBytes(json))))
                    : json, changes);
        }
        AppendLimit(changes);
        if (changes.AskForStreamUsage && IsFree(StreamOptionsName, changes) && request.Find(StreamOptionsName) is null
            && !changes.Defaults.Any(pair => pair.Key == StreamOptionsName))
            Insert(StreamOptionsName, WithUsage(default));
    }

    private static bool IsLimit(MemberKind kind) => kind is MemberKind.MaxTokens or MemberKind.MaxCompletionTokens;

    /// <summary>The limit that stands alone under the name that the provider passes over.</summary>
    private JsonMember? Renamed(RequestChanges changes)
    {
        if (!changes.RenamesLimit || changes.LimitName is not { } name || !IsFree(name, changes))
            return null;
        JsonMember? renamed = null;
        foreach (var member in request.Members)
        {
            if (!IsLimit(member.Kind) || IsReplaced(request.Body, member, changes))
                continue;
            if (request.NameIs(member, name))
            {
                if (LimitOf(request.ValueOf(member)) is not null)
                    return null;
            }
            else
            {
                renamed = member;
            }
        }
        return renamed;
    }

    /// <summary>Keeps a client's limit up to the cap. One that limits nothing does not stand beside a cap.</summary>
    private void Limit(in JsonMember member, RequestChanges changes)
    {
        var leavesOtherwise = _renamed is not null || (changes.RenamesLimit && !request.NameIs(member, changes.LimitName ?? ""));
        var limit = changes.OutputCap is null ? null : LimitOf(request.ValueOf(member));
        if (leavesOtherwise || (changes.OutputCap is not null && limit is null))
        {
            FlushRun();
            return;
        }
        _hasLimit = true;
        if (changes.OutputCap is { } cap && limit > cap)
            Replace(member, NumberOf(cap));
        else
            Keep(member);
    }

    /// <summary>The limit under its new name, or the cap where there is none.</summary>
    private void AppendLimit(RequestChanges changes)
    {
        if (changes.LimitName is not { } name || _hasLimit)
            return;
        if (_renamed is { } renamed)
        {
            var limit = LimitOf(request.ValueOf(renamed));
            if (changes.OutputCap is not { } most || limit <= most)
            {
                Insert(name, request.ValueOf(renamed).ToArray());
                return;
            }
        }
        if (changes.OutputCap is { } cap)
            Insert(name, NumberOf(cap));
    }

    /// <summary>Inserts what the deployment says itself; its limits up to the cap too.</summary>
    private void InsertSetting(string name, string json, RequestChanges changes)
    {
        var value = Encoding.UTF8.GetBytes(json);
        if (name is not (AnswerTerms.MaxTokensName or AnswerTerms.MaxCompletionTokensName) && name != changes.LimitName)
        {
            Insert(name, value);
            return;
        }
        var limit = changes.OutputCap is null ? null : LimitOf(new(value));
        if (changes.OutputCap is not null && limit is null)
            return;
        _hasLimit = true;
        Insert(name, changes.OutputCap is { } cap && limit > cap ? NumberOf(cap) : value);
    }

    /// <summary>A limit that limits something; one beyond all counting is the most that there is. Null: it limits nothing.</summary>
    private static long? LimitOf(ReadOnlySequence<byte> json)
    {
        var reader = BodyScanner.Reader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var number) || number < 1)
            return null;
        return number > AnswerTerms.MostTokens ? AnswerTerms.NoLimit : (long)number;
    }

    private static byte[] NumberOf(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>The members of the client's extra_body that leave.</summary>
    private List<(ReadOnlySequence<byte> Json, JsonMember Member)> ExtraMembers(RequestChanges changes)
    {
        var extras = new List<(ReadOnlySequence<byte>, JsonMember)>();
        foreach (var member in request.Members)
        {
            if (member.Kind != MemberKind.ExtraBody)
                continue;
            var json = request.ValueOf(member);
            var inner = new List<JsonMember>();
            BodyScanner.TryScan(json, inner);
            extras.AddRange(inner.Where(extra => !IsReplaced(json, extra, changes)).Select(extra => (json, extra)));
        }
        return extras;
    }

    /// <summary>True when neither a drop nor an override speaks of the name.</summary>
    private static bool IsFree(string name, RequestChanges changes) =>
        !changes.Dropped.Contains(name) && !changes.Overrides.Any(pair => pair.Key == name);

    private static bool IsReplaced(in ReadOnlySequence<byte> json, JsonMember member, RequestChanges changes)
    {
        foreach (var name in changes.Dropped)
        {
            if (BodyScanner.NameIs(json, member, name))
                return true;
        }
        foreach (var (name, _) in changes.Overrides)
        {
            if (BodyScanner.NameIs(json, member, name))
                return true;
        }
        return false;
    }

    /// <summary>Keeps a member; neighbours are kept as one slice, with what stands between them.</summary>
    private void Keep(in JsonMember member)
    {
        if (_runStart < 0)
        {
            Separate();
            _runStart = member.Start;
        }
        _runEnd = member.End;
    }

    /// <summary>Keeps a member's name and gives it another value; the run goes on behind it.</summary>
    private void Replace(in JsonMember member, byte[] json)
    {
        Keep(member with { End = member.ValueStart });
        FlushRun();
        _body.Add(json);
        _runStart = _runEnd = member.End;
    }

    private void FlushRun()
    {
        if (_runStart >= 0)
            _body.Add(request.Body.Slice(_runStart, _runEnd - _runStart));
        _runStart = -1;
    }

    private void Insert(string name, byte[] json)
    {
        Separate();
        _body.Add(JsonString(name));
        _body.Add(":"u8.ToArray());
        _body.Add(json);
    }

    private void InsertSlice(in ReadOnlySequence<byte> member)
    {
        Separate();
        _body.Add(member);
    }

    private void Separate()
    {
        if (_hasMembers)
            _body.Add(Comma);
        _hasMembers = true;
    }

    /// <summary>
    /// Stream options with <c>include_usage: true</c> put in or in place of what they say of it, all other bytes as they are;
    /// anything but an object is replaced.
    /// </summary>
    private static byte[] WithUsage(ReadOnlySequence<byte> streamOptions)
    {
        var json = streamOptions.ToArray();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
        if (json.Length == 0 || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return """{"include_usage":true}"""u8.ToArray();
        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            var asks = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (asks)
                return [.. json.AsSpan(0, start), .. "true"u8, .. json.AsSpan((int)reader.BytesConsumed)];
        }
        return [.. """{"include_usage":true"""u8, .. isEmpty ? default : ","u8, .. json.AsSpan(1)];
    }

    private static byte[] JsonString(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
}

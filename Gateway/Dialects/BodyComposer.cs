using System.Buffers;
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

    /// <summary>Start and end of the run of client bytes that is kept and not written yet.</summary>
    private int _runStart = -1;
    private int _runEnd;

    /// <summary>
    /// Who wins where several name the same member: overrides before what is dropped, that before the client's body with its
    /// extra_body, that before defaults. The model is sent in any case.
    /// </summary>
    public SplicedBody Compose(RequestChanges changes)
    {
        _body.Add(Open);
        foreach (var member in request.Members)
        {
            if (member.Kind == MemberKind.Model)
                Replace(member, JsonString(changes.Model));
            else if (!Leaves(member.Kind) || IsReplaced(request.Body, member, changes))
                FlushRun(); // left out: the next member that is kept brings its own comma
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

    private static bool Leaves(MemberKind kind) => kind is MemberKind.Other or MemberKind.User or MemberKind.Stream or MemberKind.StreamOptions
        or MemberKind.MaxTokens or MemberKind.MaxCompletionTokens or MemberKind.Metadata;

    private void Append(RequestChanges changes)
    {
        if (request.Find(ModelName) is null)
            Insert(ModelName, JsonString(changes.Model));
        var extras = ExtraMembers(changes);
        foreach (var (json, member) in extras)
            InsertSlice(json.Slice(member.Start, member.End - member.Start));
        foreach (var (name, json) in changes.Overrides)
        {
            if (name != ModelName)
                Insert(name, Encoding.UTF8.GetBytes(json));
        }
        foreach (var (name, json) in changes.Defaults)
        {
            if (name != ModelName && IsFree(name, changes) && request.Find(name) is null && !extras.Exists(e => BodyScanner.NameIs(e.Json, e.Member, name)))
                Insert(name, name == StreamOptionsName && changes.AskForStreamUsage
                    ? WithUsage(new(Encoding.UTF8.GetBytes(json)))
                    : Encoding.UTF8.GetBytes(json));
        }
        if (changes.AskForStreamUsage && IsFree(StreamOptionsName, changes) && request.Find(StreamOptionsName) is null
            && !changes.Defaults.Any(pair => pair.Key == StreamOptionsName))
            Insert(StreamOptionsName, WithUsage(default));
    }

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

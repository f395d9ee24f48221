using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Composes the body that leaves from slices of the client's body: what is not changed is not touched.</summary>
internal sealed class BodyComposer(ClientRequest request)
{
    private static readonly byte[] Open = [(byte)'{'];
    private static readonly byte[] Close = [(byte)'}'];
    private static readonly byte[] Comma = [(byte)','];

    private readonly SplicedBody _body = new();
    private bool _hasMembers;

    /// <summary>Start and end of the run of client bytes that is kept and not written yet.</summary>
    private int _runStart = -1;
    private int _runEnd;

    public SplicedBody Compose(RequestChanges changes)
    {
        _body.Add(Open);
        var hasModel = false;
        var asksForUsage = !changes.AskForStreamUsage;
        foreach (var member in request.Members)
        {
            switch (member.Kind)
            {
                case MemberKind.Model:
                    Replace(member, JsonString(changes.Model));
                    hasModel = true;
                    break;
                case MemberKind.StreamOptions when !asksForUsage:
                    Replace(member, WithUsage(request.ValueOf(member)));
                    asksForUsage = true;
                    break;
                case MemberKind.Other or MemberKind.User or MemberKind.Stream or MemberKind.StreamOptions
                    or MemberKind.MaxTokens or MemberKind.MaxCompletionTokens when !IsDropped(member, changes):
                    Keep(member);
                    break;
                default:
                    FlushRun(); // left out: the next member that is kept brings its own comma
                    break;
            }
        }
        FlushRun();
        Append(changes, hasModel, asksForUsage);
        _body.Add(Close);
        return _body;
    }

    private void Append(RequestChanges changes, bool hasModel, bool asksForUsage)
    {
        if (!hasModel)
            Insert("model", JsonString(changes.Model));
        if (!asksForUsage)
            Insert("stream_options", """{"include_usage":true}"""u8.ToArray());
        foreach (var extra in request.Members)
        {
            if (extra.Kind == MemberKind.ExtraBody)
                InsertMembersOf(request.ValueOf(extra));
        }
        foreach (var (name, json) in changes.Overrides)
            Insert(name, Encoding.UTF8.GetBytes(json));
        foreach (var (name, json) in changes.Defaults)
        {
            if (request.Find(name) is null)
                Insert(name, Encoding.UTF8.GetBytes(json));
        }
    }

    private bool IsDropped(JsonMember member, RequestChanges changes)
    {
        foreach (var name in changes.Dropped)
        {
            if (request.NameIs(member, name))
                return true;
        }
        foreach (var (name, _) in changes.Overrides)
        {
            if (request.NameIs(member, name))
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

    private void InsertMembersOf(ReadOnlySequence<byte> json)
    {
        var members = new List<JsonMember>();
        BodyScanner.TryScan(json, members);
        if (members.Count == 0)
            return;
        Separate();
        _body.Add(json.Slice(members[0].Start, members[^1].End - members[0].Start));
    }

    private void Separate()
    {
        if (_hasMembers)
            _body.Add(Comma);
        _hasMembers = true;
    }

    /// <summary>The client's stream_options with <c>include_usage: true</c>; anything but an object is replaced.</summary>
    private static byte[] WithUsage(ReadOnlySequence<byte> streamOptions)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        using (var document = JsonDocument.Parse(streamOptions, new() { MaxDepth = BodyScanner.MaxDepth }))
        {
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "include_usage"))
                    property.WriteTo(writer);
            }
        }
        writer.WriteBoolean("include_usage", true);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] JsonString(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
}

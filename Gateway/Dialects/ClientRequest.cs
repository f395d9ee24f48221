using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects;

/// <summary>
/// What the gateway knows of a request body. The body itself stays the client's bytes, in the web server's own buffers; this
/// holds where things stand in them.
/// </summary>
public sealed class ClientRequest
{
    private InputSize? _size;

    internal ClientRequest(ReadOnlySequence<byte> body, List<JsonMember> members)
    {
        Body = body;
        Members = members;
    }

    /// <summary>The client's bytes: one JSON object, or a form. Valid until the request ends.</summary>
    public ReadOnlySequence<byte> Body { get; }

    /// <summary>The members of the body's object, in its order.</summary>
    public IReadOnlyList<JsonMember> Members { get; }

    /// <summary>The model that the body names. Null: it names none.</summary>
    public string? Model { get; internal set; }

    public bool IsStream { get; internal set; }

    /// <summary>True when the client asked for <c>stream_options.include_usage</c>.</summary>
    public bool IncludesUsage { get; internal set; }

    /// <summary>
    /// The limit of output tokens that the client set; the larger where it is set under both names, since a provider may read
    /// either. Null: none, or a negative one, which some servers take for none.
    /// </summary>
    public long? MaxTokens { get; internal set; }

    /// <summary>How large the input is. Looked for once, at the first question.</summary>
    public InputSize Size
    {
        get => _size ??= InputBound.Of(Body);
        internal set => _size = value;
    }

    /// <summary>What it can bring onto the bill by the piece at most, pictures aside, which <see cref="Terms"/> counts.</summary>
    public BilledUnits Units { get; internal set; }

    /// <summary>The body as a form. Null: it is JSON.</summary>
    internal MultipartForm? Form { get; init; }

    /// <summary>What the cost of the answer depends on, as the body says it at its top level or in its extra_body.</summary>
    public AnswerTerms Terms { get; internal set; }

    /// <summary>The <c>user</c> of the body, at most 256 characters. Null: none.</summary>
    public string? User { get; internal set; }

    /// <summary>The answer that the conversation goes on from (Responses' <c>previous_response_id</c>). Null: none.</summary>
    public string? PreviousResponseId { get; internal set; }

    /// <summary>A key of the client's own for the provider. Null: none sent.</summary>
    public string? ApiKey { get; internal set; }

    /// <summary>A base URL of the client's own. Null: none sent.</summary>
    public string? ApiBase { get; internal set; }

    /// <summary>What the client says about how its request is tried. Null: nothing.</summary>
    public RoutingParams? Routing { get; internal set; }

    /// <summary>The client's headers that go on to a provider of the same dialect (<see cref="Dialect.ForwardedHeaders"/>).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; internal set; } = [];

    /// <summary>What the client's <c>anthropic-beta</c> lists.</summary>
    public IReadOnlyList<string> Betas =>
    [
        .. Headers.Where(static header => header.Key == Anthropic.AnthropicHeaders.BetaName)
            .SelectMany(static header => header.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];

    /// <summary>The body as the hub has it. Null: no provider had to be asked in another dialect yet.</summary>
    public HubRequest? Hub { get; private set; }

    /// <summary>The body's object, where <see cref="Hub"/> was read of it.</summary>
    public JsonElement Json { get; private set; }

    /// <summary>The texts to embed, as the hub has them. Null: as with <see cref="Hub"/>.</summary>
    public EmbeddingRequest? Embedding { get; private set; }

    /// <summary>Reads the body into the hub, once.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public ApiError? ReadHub(HubClient client) => Hub is not null ? null : ReadJson(json =>
    {
        var wrong = client.Read(json, out var hub);
        hub.IsStream = IsStream; // some dialects say it in the URL
        Hub = wrong is null ? hub : null;
        return wrong;
    });

    /// <summary>Reads the body of an embedding request into the hub, once.</summary>
    /// <returns>Null, or why it is refused.</returns>
    public ApiError? ReadEmbedding() => Embedding is not null ? null : ReadJson(json =>
    {
        var wrong = OpenAi.OpenAiEmbeddings.Read(json, out var request);
        Embedding = wrong is null ? request : null;
        return wrong;
    });

    private ApiError? ReadJson(Func<JsonElement, ApiError?> read)
    {
        try
        {
            Json = JsonDocument.Parse(Body, HubJson.ReadOptions).RootElement;
            return read(Json);
        }
        catch (JsonException)
        {
            return ApiError.InvalidJson("an object in it gives a member more than once");
        }
        catch (InvalidOperationException)
        {
            // What .NET's reader throws for half of a surrogate pair, and for bytes that are not UTF-8.
            return ApiError.InvalidJson("a text that the gateway reads is not valid Unicode");
        }
    }

    /// <summary>Finds a member by its unescaped name. Null: the client left it out.</summary>
    public JsonMember? Find(string name)
    {
        foreach (var member in Members)
        {
            if (NameIs(member, name))
                return member;
        }
        return null;
    }

    /// <summary>True when the client's extra_body has a member of this unescaped name.</summary>
    public bool FindExtra(string name)
    {
        foreach (var member in Members)
        {
            if (member.Kind != MemberKind.ExtraBody)
                continue;
            var inner = new List<JsonMember>();
            var json = ValueOf(member);
            BodyScanner.TryScan(json, inner);
            return inner.Exists(extra => BodyScanner.NameIs(json, extra, name));
        }
        return false;
    }

    /// <summary>True when the member has this unescaped name.</summary>
    public bool NameIs(in JsonMember member, string name) => BodyScanner.NameIs(Body, member, name);

    /// <summary>The bytes of a member's value.</summary>
    public ReadOnlySequence<byte> ValueOf(in JsonMember member) => Body.Slice(member.ValueStart, member.ValueLength);
}

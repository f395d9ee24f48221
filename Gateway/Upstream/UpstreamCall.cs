using Gateway.Catalog;
using Gateway.Config;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Upstream;

/// <summary>One call to one deployment, ready to be sent.</summary>
public sealed record UpstreamCall
{
    public required Deployment Deployment { get; init; }
    public required Operation Operation { get; init; }
    /// <summary>How the answer comes back to the client.</summary>
    public required Wire Wire { get; init; }

    /// <summary>The model's name at the provider.</summary>
    public required string Model { get; init; }

    /// <summary>Null: a mock.</summary>
    public required Uri? Uri { get; init; }

    /// <summary>The key to show. Null: none.</summary>
    public Secret? Key { get; init; }

    /// <summary>True when the client chose the URL: then it must not lead into the gateway's own network.</summary>
    public bool IsClientTarget { get; init; }

    public required SplicedBody Body { get; init; }

    /// <summary>A call other than POST has no body.</summary>
    public HttpMethod Method { get; init; } = HttpMethod.Post;
    /// <summary>Headers that go with the body.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What the client sent and the provider cannot be sent, by the client's names.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>What the model costs. Null: unknown.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>What the answer will cost. Null: what <see cref="Price"/> makes of its tokens.</summary>
    public AnswerPrice? AnswerPrice { get; init; }

    /// <summary>How the stream is translated. Null: the answer is not streamed.</summary>
    public StreamOptions? Stream { get; init; }

    /// <summary>True once the provider has been sent the whole body: from then on it may bill, whoever hangs up.</summary>
    public bool IsSent { get; private set; }

    internal void WasSent() => IsSent = true;

    /// <summary>For a whole answer: until its last byte. For a stream: until its first event and between events.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>For a stream: until its first event, where the request has less time left. Null: <see cref="Timeout"/>.</summary>
    public TimeSpan? FirstEventTimeout { get; init; }
}

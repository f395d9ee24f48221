using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>The provider's half of a dialect: requests out, answers and streams in. One instance serves all requests.</summary>
public abstract class HubProvider
{
    /// <summary>The wire format that the provider speaks.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>What it can carry.</summary>
    public abstract FeatureTable Features { get; }

    /// <summary>True when a use of a feature can be carried: as the table says, or because it is a member of the provider's own.</summary>
    public virtual bool Carries(in FeatureUse use) => Features[use.Feature] != Support.None;

    /// <summary>
    /// Looks for what cannot be carried because of a value (a temperature above the provider's range, two answers where one can be had), notes
    /// it in <paramref name="losses"/>, and takes it out of or mends it in <paramref name="request"/>, which is a copy.
    /// </summary>
    public virtual void Fit(HubRequest request, HubTarget target, HubLosses losses)
    {
    }

    /// <summary>Writes the body; what the provider cannot carry has been taken out before.</summary>
    public abstract void Write(HubRequest request, HubTarget target, Utf8JsonWriter json);

    /// <summary>The object of the body that a config's own setting belongs in. Null: the body itself.</summary>
    public virtual string? HomeOf(string setting) => null;

    /// <summary>Reads a whole answer.</summary>
    /// <param name="body">JSON, as it came.</param>
    /// <returns>Null: it is not what this dialect answers with.</returns>
    public abstract HubAnswer? ReadAnswer(ReadOnlyMemory<byte> body);

    /// <summary>True when a body that is no answer is an error in disguise. The default: an object with a member <c>error</c>.</summary>
    public virtual bool IsError(ReadOnlySpan<byte> body) => HubJson.HasMember(body, "error"u8);

    /// <summary>A reader for one streamed answer.</summary>
    public abstract HubStreamReader OpenStream();

    /// <summary>Headers that the provider wants beside the body.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Headers => [];

    /// <summary>The media types that a stream may come with.</summary>
    public virtual IReadOnlyList<string> StreamMediaTypes => ["text/event-stream"];
}

/// <summary>What a provider's half must know of where the request goes.</summary>
/// <param name="Model">The model's name at the provider.</param>
/// <param name="Provider">LiteLLM's name of the provider (<c>bedrock</c>): the same wire format may differ a little between them.</param>
public sealed record HubTarget(string Model, string Provider)
{
    /// <summary>
    /// The most output tokens to allow, where the request says none, for providers that must be told: the model's own limit as far as known.
    /// </summary>
    public required long DefaultMaxTokens { get; init; }

    /// <summary>The model's own limit of output tokens. Null: not known.</summary>
    public long? ModelMaxTokens { get; init; }

    /// <summary>True where the request may be mended so that the provider takes it (<c>modify_params</c>).</summary>
    public bool ModifiesParams { get; init; }

    /// <summary>OpenAI's parameters that pass whatever the table says (<c>allowed_openai_params</c>).</summary>
    public IReadOnlyCollection<string> AllowedParams { get; init; } = [];

    /// <summary>OpenAI's parameters that this provider refuses although its wire format has them.</summary>
    public IReadOnlyCollection<string> UnsupportedParams { get; init; } = [];
}

/// <summary>What a request loses on its way to a provider.</summary>
public sealed class HubLosses
{
    private readonly List<string> _params = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _content = [];

    /// <summary>As many as a message names.</summary>
    private const int MostContent = 20;

    /// <summary>Parameters that could not be carried, by the names that the client gave them.</summary>
    public IReadOnlyList<string> Params => _params;

    /// <summary>Why, where the name alone does not say it. Null: the provider does not take the parameters.</summary>
    public string? Why { get; private set; }

    /// <summary>Content that could not be carried because of what it is. It is never left out, so the request is refused.</summary>
    public IReadOnlyList<string> Content => _content;

    public void Add(string param, string? why = null)
    {
        if (_seen.Add(param))
            _params.Add(param);
        Why ??= why;
    }

    /// <summary>Notes content that cannot be carried because of a value.</summary>
    public void AddContent(string param, string why)
    {
        if (_content.Count == 0)
            Why = why;
        if (_content.Count < MostContent && !_content.Contains(param))
            _content.Add(param);
    }
}

/// <summary>Reads one streamed answer of a provider.</summary>
public abstract class HubStreamReader
{
    /// <summary>Reads the whole events at the start of what was received.</summary>
    /// <param name="received">Bytes that were not consumed yet; the caller owns them.</param>
    /// <param name="atEnd">True when no more will come.</param>
    /// <param name="steps">Gets what happened.</param>
    /// <returns>How many bytes were consumed; the rest is offered again with what follows.</returns>
    public abstract int Read(ReadOnlySpan<byte> received, bool atEnd, List<HubEvent> steps);

    /// <summary>True when an event came that is not what the dialect sends.</summary>
    public bool IsMalformed { get; protected set; }
}

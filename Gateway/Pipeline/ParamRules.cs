using System.Text.Json;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>What is done with parameters that a provider does not take: as the request says, else its deployment, else the whole gateway.</summary>
/// <param name="Drops">True: they are left out; false: the request is refused.</param>
/// <param name="Allowed">Parameters that are sent whether or not the provider is known to take them.</param>
/// <param name="Dropped">Parameters that never leave.</param>
internal readonly record struct ParamRules(bool Drops, IReadOnlyCollection<string> Allowed, IReadOnlyCollection<string> Dropped)
{
    public static ParamRules Of(AttemptRun run, Deployment deployment)
    {
        var settings = deployment.Params;
        var rules = new ParamRules(
            settings.DropParams ?? run.Snapshot.Config.LiteLlm.DropParams,
            settings.AllowedOpenAiParams.IsEmpty ? [] : settings.AllowedOpenAiParams,
            settings.AdditionalDropParams.IsEmpty ? [] : settings.AdditionalDropParams);
        foreach (var member in run.Request.Members)
        {
            if (member.Kind == MemberKind.GatewayOnly)
                rules = rules.With(run.Request, member);
        }
        return rules;
    }

    private ParamRules With(ClientRequest request, in JsonMember member)
    {
        if (request.NameIs(member, "drop_params"))
            return this with { Drops = new JsonText(request.ValueOf(member)).IsTrue };
        if (request.NameIs(member, "allowed_openai_params"))
            return this with { Allowed = [.. Allowed, .. new JsonText(request.ValueOf(member)).Words()] };
        // What the cost of the answer depends on was counted as it is in the body; a client leaves it out by not sending it.
        return request.NameIs(member, "additional_drop_params")
            ? this with { Dropped = [.. Dropped, .. new JsonText(request.ValueOf(member)).Words().Where(static name => !AnswerTerms.IsTerm(name))] }
            : this;
    }

    /// <summary>A small JSON value of a body.</summary>
    private readonly struct JsonText(System.Buffers.ReadOnlySequence<byte> json)
    {
        public bool IsTrue
        {
            get
            {
                var reader = new Utf8JsonReader(json);
                return reader.Read() && reader.TokenType == JsonTokenType.True;
            }
        }

        public List<string> Words()
        {
            var words = new List<string>();
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return words;
            while (reader.Read() && reader.TokenType == JsonTokenType.String && words.Count < MostWords)
                words.Add(reader.GetString()!);
            return words;
        }
    }

    /// <summary>No API has as many parameters.</summary>
    private const int MostWords = 256;
}

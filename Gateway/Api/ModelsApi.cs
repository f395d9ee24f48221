using System.Text.Json;
using Gateway.Catalog;
using Gateway.Keys;
using Gateway.Pipeline;

namespace Gateway.Api;

/// <summary>Tells callers which models they may use: <c>/v1/models</c> and LiteLLM's <c>/model/info</c>.</summary>
internal sealed class ModelsApi(KeyRing keys, Func<GatewaySnapshot> snapshot)
{
    /// <summary>The <c>created</c> that LiteLLM gives every model.</summary>
    private const long Created = 1677610602;

    public static void Map(IEndpointRouteBuilder app, KeyRing keys, Func<GatewaySnapshot> snapshot)
    {
        var api = new ModelsApi(keys, snapshot);
        foreach (var prefix in (string[])["/v1", ""])
        {
            app.MapGet(prefix + "/models", Named(api.ListAsync));
            app.MapGet(prefix + "/models/{*model}", Named(api.ShowAsync));
            app.MapGet(prefix + "/model/info", Named(api.InfoAsync));
        }
    }

    /// <summary>Gives the answer, whatever it is, the id of its request.</summary>
    private static RequestDelegate Named(RequestDelegate answer) => http =>
    {
        http.Response.Headers["x-litellm-call-id"] = CallId.For(http.Request.Headers);
        return answer(http);
    };

    private Task ListAsync(HttpContext http)
    {
        var current = snapshot();
        if (keys.Authenticate(http, out var caller) is { } denied)
            return ApiAnswer.RefuseAsync(http, denied, current);
        return ApiAnswer.SendAsync(http, (current.Catalog, caller), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (name, group) in state.Catalog.Listed)
            {
                if (state.Catalog.IsAllowed(state.caller, name, group))
                    WriteModel(json, name);
            }
            json.WriteEndArray();
            json.WriteString("object", "list");
            json.WriteEndObject();
        });
    }

    private Task ShowAsync(HttpContext http)
    {
        var current = snapshot();
        if (keys.Authenticate(http, out var caller) is { } denied)
            return ApiAnswer.RefuseAsync(http, denied, current);
        var name = PathText.Unescape(http.Request.RouteValues["model"] as string ?? "");
        return current.Catalog.Resolve(name) is { } group && current.Catalog.IsAllowed(caller, name, group)
            ? ApiAnswer.SendAsync(http, name, WriteModel)
            : ApiAnswer.RefuseAsync(http, ApiError.ModelNotFound(name), current);
    }

    private static void WriteModel(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("id", name);
        json.WriteString("object", "model");
        json.WriteNumber("created", Created);
        json.WriteString("owned_by", "openai");
        json.WriteEndObject();
    }

    private Task InfoAsync(HttpContext http)
    {
        var current = snapshot();
        if (keys.Authenticate(http, out var caller) is { } denied)
            return ApiAnswer.RefuseAsync(http, denied, current);
        string? id = http.Request.Query["litellm_model_id"];
        return ApiAnswer.SendAsync(http, (current.Catalog, caller, id), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var deployment in state.Catalog.Deployments)
            {
                if (state.id is not null && state.id != deployment.Id)
                    continue;
                if (state.Catalog.Resolve(deployment.ModelName) is { } group && state.Catalog.IsAllowed(state.caller, deployment.ModelName, group))
                    WriteInfo(json, deployment, state.caller.IsAdmin);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void WriteInfo(Utf8JsonWriter json, Deployment deployment, bool isAdmin)
    {
        json.WriteStartObject();
        json.WriteString("model_name", deployment.ModelName);
        json.WriteStartObject("litellm_params");
        json.WriteString("model", deployment.Model);
        if (isAdmin && deployment.ApiBase.Length > 0)
            json.WriteString("api_base", deployment.ApiBase);
        json.WriteEndObject();
        json.WriteStartObject("model_info");
        json.WriteString("id", deployment.Id);
        json.WriteBoolean("db_model", false);
        json.WriteString("litellm_provider", deployment.Provider.Name);
        WriteLimits(json, deployment);
        WritePrice(json, deployment);
        foreach (var (name, value) in deployment.Config.Info.All)
        {
            if (name is "id" or "db_model" or "litellm_provider" or "max_input_tokens" or "max_output_tokens" or "max_tokens"
                or "input_cost_per_token" or "output_cost_per_token")
                continue;
            json.WritePropertyName(name);
            json.WriteRawValue(value);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, Deployment deployment)
    {
        WriteNumber(json, "max_input_tokens", deployment.Limits.ContextWindow);
        WriteNumber(json, "max_output_tokens", deployment.Limits.MaxOutputTokens);
        WriteNumber(json, "max_tokens", deployment.Limits.MaxOutputTokens);
    }

    private static void WritePrice(Utf8JsonWriter json, Deployment deployment)
    {
        if (deployment.Price is not { } price)
        {
            json.WriteNull("input_cost_per_token");
            json.WriteNull("output_cost_per_token");
            return;
        }
        json.WriteNumber("input_cost_per_token", UsdPerToken(price.Rates.Input));
        json.WriteNumber("output_cost_per_token", UsdPerToken(price.Rates.Output));
    }

    /// <param name="rate">Nano-dollars per million tokens.</param>
    private static decimal UsdPerToken(long rate) => rate / 1_000_000m / NanoUsd.PerUsd;

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}

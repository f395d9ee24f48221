using System.CommandLine;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway compat</c>: what each provider's wire format can carry of what a client may ask for, from the table that decides about
/// requests.
/// </summary>
public static class CompatCommand
{
    private const string Json = "json", Table = "table";

    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = "How to print: table or json.", DefaultValueFactory = _ => Table };
        format.AcceptOnlyFromAmong(Table, Json);
        var command = new Command("compat", "Print which features of requests each wire format of providers can carry.") { format };
        command.SetAction(parsed => Print(parsed.InvocationConfiguration.Output, parsed.GetValue(format) == Json));
        return command;
    }

    private static void Print(TextWriter output, bool isJson)
    {
        if (isJson)
            PrintJson(output);
        else
            PrintTable(output);
    }

    private static void PrintTable(TextWriter output)
    {
        var table = new TextTable(["feature", .. HubDialects.Providers.Select(static provider => provider.Name)]);
        foreach (var feature in Enum.GetValues<Feature>())
            table.Add([NameOf(feature), .. HubDialects.Providers.Select(provider => WordOf(provider.Half.Features[feature]))]);
        table.WriteTo(output);
        output.WriteLine();
        output.WriteLine("native: by the format's own means; other: by means that come to the same; unasked: nothing need be sent; -: not at all,");
        output.WriteLine("so a request that asks for it is refused by name, or with drop_params goes without it (content of messages never does).");
        output.WriteLine("Where client and provider speak the same format the bytes pass, whatever they ask for.");
    }

    private static void PrintJson(TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (name, half) in HubDialects.Providers)
            {
                json.WriteStartObject(name);
                foreach (var feature in Enum.GetValues<Feature>())
                    json.WriteString(NameOf(feature), half.Features[feature].ToString().ToLowerInvariant());
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    /// <summary><c>ToolChoiceNamed</c> → <c>tool_choice_named</c>.</summary>
    private static string NameOf(Feature feature) => JsonNamingPolicy.SnakeCaseLower.ConvertName(feature.ToString());

    private static string WordOf(Support support) => support switch
    {
        Support.Native => "native",
        Support.Translated => "other",
        Support.Implied => "unasked",
        _ => "-",
    };
}

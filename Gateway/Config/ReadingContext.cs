using System.Text.RegularExpressions;

namespace Gateway.Config;

/// <summary>What reading a config needs besides the text: the environment it refers to and the findings it leaves.</summary>
internal sealed partial class ReadingContext(IReadOnlyDictionary<string, string> environment, FindingLog findings)
{
    /// <summary>How LiteLLM marks a value that stands in an environment variable.</summary>
    public const string ReferencePrefix = "os.environ/";

    public IReadOnlyDictionary<string, string> Environment { get; } = environment;
    public FindingLog Findings { get; } = findings;

    /// <summary>The text that a value stands for. A missing variable and a reference in another tool's spelling are reported.</summary>
    public ResolvedText Resolve(YamlScalar scalar, string path)
    {
        if (scalar.IsNull)
            return new(null, Resolution.Null);
        if (scalar.Text.StartsWith(ReferencePrefix, StringComparison.Ordinal))
            return Look(scalar, scalar.Text[ReferencePrefix.Length..].Trim(), path);
        if (ForeignReference().Match(scalar.Text) is not { Success: true } foreign)
            return new(scalar.Text, Resolution.Value);

        var name = foreign.Groups["name"] is { Success: true, Length: > 0 } group ? group.Value : "NAME";
        Findings.Add(FindingKind.Invalid, scalar.File, scalar.Line, path,
            "refers to the environment in a way that is not expanded; make it the whole value and write "
            + ReferencePrefix + FindingLog.Clip(name));
        return new(null, Resolution.Unexpanded);
    }

    /// <summary>As <see cref="Resolve"/>, for free text, in which <c>${</c> may stand for itself.</summary>
    public ResolvedText ResolveVerbatim(YamlScalar scalar, string path) =>
        scalar.IsNull || scalar.Text.StartsWith(ReferencePrefix, StringComparison.Ordinal)
            ? Resolve(scalar, path)
            : new(scalar.Text, Resolution.Value);

    private ResolvedText Look(YamlScalar scalar, string name, string path)
    {
        if (Environment.TryGetValue(name, out var value) && value.Length > 0)
            return new(value, Resolution.Variable);
        Findings.Add(FindingKind.MissingVariable, scalar.File, scalar.Line, path,
            $"the environment variable {FindingLog.Clip(name)} is {(value is null ? "not set" : "set but empty")}");
        return new(null, Resolution.Missing);
    }

    // ${X}, ${X:-d} and os.environ/X anywhere in a value; $X, env("X"), env/X and os.environ["X"] as a whole value.
    [GeneratedRegex("""
          \$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)
        | .os\.environ/(?<name>\w*)
        | ^\$(?<name>[A-Z_][A-Z0-9_]*)$
        | ^env(/|\(["']?)(?<name>\w+)
        | ^os\.environ[^/]\W*(get\W*)?(?<name>\w*)
        """, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex ForeignReference();
}

/// <summary>How a value came about.</summary>
internal enum Resolution
{
    /// <summary>As it is written.</summary>
    Value,

    /// <summary>From an environment variable.</summary>
    Variable,

    /// <summary>Literally null.</summary>
    Null,

    /// <summary>From an environment variable that is not set.</summary>
    Missing,

    /// <summary>A reference that only other tools expand.</summary>
    Unexpanded,
}

/// <summary>A value's text; null unless it is a value or comes from a variable.</summary>
internal readonly record struct ResolvedText(string? Text, Resolution Resolution);

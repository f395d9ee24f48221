namespace Gateway.Config;

/// <summary>What a finding means for the setting it names.</summary>
public enum FindingKind
{
    /// <summary>The gateway would not start.</summary>
    Fatal,

    /// <summary>A value that cannot be read; the setting counts as absent.</summary>
    Invalid,

    /// <summary>The key is not known (with a did-you-mean or the section where it belongs).</summary>
    Unknown,

    /// <summary>A setting the gateway does not have and refuses to imitate: Python callbacks, custom_auth, JWT.</summary>
    Refused,

    /// <summary>Known, and without effect here (Postgres, Redis, UI …).</summary>
    Ignored,

    /// <summary>Honoured, but not exactly as LiteLLM does.</summary>
    Approximated,

    /// <summary>An environment variable that is referred to and not set.</summary>
    MissingVariable,
}

/// <summary>One thing to say about a config file. Never quotes the value of an unknown or secret-bearing key.</summary>
public sealed record ConfigFinding(FindingKind Kind, string File, int Line, string Path, string Message)
{
    /// <summary>One line: <c>config.yaml:5: model_list[0].litellm_params.rpm: must be a whole number, not 'fast'</c>.</summary>
    public override string ToString() => $"{File}:{(Line > 0 ? $"{Line}:" : "")} {(Path.Length > 0 ? Path + ": " : "")}{Message}";
}

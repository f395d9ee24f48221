namespace Gateway.Dialects;

/// <summary>What a member's name means for the size of the input.</summary>
internal enum InputName : byte
{
    /// <summary>Text, or nothing.</summary>
    Other,

    /// <summary>Messages, texts or tokens.</summary>
    Input,

    /// <summary>Texts or tokens; an object names a prompt that the provider keeps.</summary>
    Prompt,

    /// <summary>A text, or parts of text and media.</summary>
    Content,

    Type,
    Image,
    Audio,

    /// <summary>A medium whose media type says what it is.</summary>
    Inline,

    /// <summary>A medium of unknown size.</summary>
    File,

    MediaType,
    Tools,

    /// <summary>A JSON schema that is written into the prompt.</summary>
    Schema,

    /// <summary>What brings in text that the body does not hold.</summary>
    OpenEnded,

    /// <summary>Members that are sent as if they stood in the body.</summary>
    ExtraBody,

    Prediction,
}

/// <summary>Knows the names by which OpenAI's, Anthropic's and Google's wire formats call what counts as input.</summary>
internal static class InputNames
{
    /// <summary>The longest name that is looked for.</summary>
    public const int MaxLength = 24;

    /// <summary>A member of the body's own object.</summary>
    /// <param name="name">In lower case.</param>
    public static InputName OfRoot(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("text"u8) => InputName.Schema,
        5 when name.SequenceEqual("input"u8) => InputName.Input,
        5 when name.SequenceEqual("tools"u8) => InputName.Tools,
        6 when name.SequenceEqual("prompt"u8) => InputName.Prompt,
        6 when name.SequenceEqual("google"u8) => InputName.ExtraBody, // of Gemini's compatible endpoint, within the client's extra_body
        6 when name.SequenceEqual("system"u8) => InputName.Content,
        7 when name.SequenceEqual("plugins"u8) => InputName.OpenEnded,
        8 when name.SequenceEqual("messages"u8) || name.SequenceEqual("contents"u8) => InputName.Input,
        8 when name.SequenceEqual("file_ids"u8) => InputName.OpenEnded,
        9 when name.SequenceEqual("functions"u8) => InputName.Tools,
        9 when name.SequenceEqual("documents"u8) => InputName.Schema,
        9 when name.SequenceEqual("container"u8) || name.SequenceEqual("thread_id"u8) => InputName.OpenEnded,
        10 when name.SequenceEqual("extra_body"u8) => InputName.ExtraBody,
        10 when name.SequenceEqual("prediction"u8) => InputName.Prediction,
        11 when name.SequenceEqual("tool_choice"u8) || name.SequenceEqual("guided_json"u8) => InputName.Schema,
        11 when name.SequenceEqual("mcp_servers"u8) => InputName.OpenEnded,
        12 when name.SequenceEqual("conversation"u8) || name.SequenceEqual("data_sources"u8) || name.SequenceEqual("assistant_id"u8)
            => InputName.OpenEnded,
        13 when name.SequenceEqual("cachedcontent"u8) || name.SequenceEqual("enable_search"u8) => InputName.OpenEnded,
        13 when name.SequenceEqual("chat_template"u8) => InputName.OpenEnded, // a program that writes the prompt
        13 when name.SequenceEqual("output_config"u8) || name.SequenceEqual("output_format"u8) => InputName.Schema,
        14 when name.SequenceEqual("search_options"u8) => InputName.OpenEnded,
        14 when name.SequenceEqual("tool_resources"u8) || name.SequenceEqual("cached_content"u8) => InputName.OpenEnded,
        15 when name.SequenceEqual("response_format"u8) => InputName.Schema,
        17 when name.SequenceEqual("search_parameters"u8) => InputName.OpenEnded,
        18 when name.SequenceEqual("web_search_options"u8) => InputName.OpenEnded,
        19 when name.SequenceEqual("mm_processor_kwargs"u8) => InputName.OpenEnded, // how finely pictures are read
        20 when name.SequenceEqual("previous_response_id"u8) => InputName.OpenEnded,
        _ => InputName.Other,
    };

    /// <summary>A member of a message, or of a part of one.</summary>
    /// <param name="name">In lower case.</param>
    public static InputName OfItem(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("type"u8) => InputName.Type,
        4 when name.SequenceEqual("file"u8) => InputName.File,
        5 when name.SequenceEqual("parts"u8) => InputName.Content,
        5 when name.SequenceEqual("image"u8) => InputName.Image,
        5 when name.SequenceEqual("audio"u8) || name.SequenceEqual("video"u8) => InputName.File, // kept at the provider, by id; or a URL
        6 when name.SequenceEqual("output"u8) => InputName.Content,
        6 when name.SequenceEqual("source"u8) => InputName.Image, // documents say so in their type
        6 when name.SequenceEqual("images"u8) || name.SequenceEqual("videos"u8) => InputName.File,
        7 when name.SequenceEqual("content"u8) => InputName.Content,
        7 when name.SequenceEqual("file_id"u8) => InputName.File,
        8 when name.SequenceEqual("file_ids"u8) || name.SequenceEqual("file_url"u8) => InputName.File,
        8 when name.SequenceEqual("filedata"u8) => InputName.File,
        9 when name.SequenceEqual("image_url"u8) => InputName.Image,
        9 when name.SequenceEqual("file_data"u8) => InputName.File,
        9 when name.SequenceEqual("video_url"u8) || name.SequenceEqual("audio_url"u8) => InputName.File,
        10 when name.SequenceEqual("inlinedata"u8) => InputName.Inline,
        11 when name.SequenceEqual("inline_data"u8) => InputName.Inline,
        11 when name.SequenceEqual("attachments"u8) => InputName.File,
        11 when name.SequenceEqual("input_audio"u8) => InputName.Audio,
        _ => InputName.Other,
    };

    /// <summary>A member of a medium.</summary>
    /// <param name="name">In lower case.</param>
    public static InputName OfMedium(ReadOnlySpan<byte> name) => name.Length switch
    {
        8 when name.SequenceEqual("mimetype"u8) => InputName.MediaType,
        9 when name.SequenceEqual("mime_type"u8) => InputName.MediaType,
        10 when name.SequenceEqual("media_type"u8) => InputName.MediaType,
        _ => InputName.Other,
    };

    /// <summary>A member of a tool. Google's tools are told by what they have in place of a type.</summary>
    /// <param name="name">In lower case.</param>
    public static InputName OfTool(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("type"u8) => InputName.Type,
        10 when name.SequenceEqual("urlcontext"u8) || name.SequenceEqual("googlemaps"u8) => InputName.OpenEnded,
        11 when name.SequenceEqual("url_context"u8) || name.SequenceEqual("google_maps"u8) => InputName.OpenEnded,
        12 when name.SequenceEqual("googlesearch"u8) => InputName.OpenEnded,
        13 when name.SequenceEqual("google_search"u8) || name.SequenceEqual("codeexecution"u8) => InputName.OpenEnded,
        14 when name.SequenceEqual("code_execution"u8) => InputName.OpenEnded,
        21 when name.SequenceEqual("googlesearchretrieval"u8) => InputName.OpenEnded,
        23 when name.SequenceEqual("google_search_retrieval"u8) => InputName.OpenEnded,
        _ => InputName.Other,
    };

    /// <summary>True when what an item of this type holds is text, or a medium that its members name; any other may be a file.</summary>
    public static bool IsKnownItem(ReadOnlySpan<byte> type) => type.Length switch
    {
        4 => type.SequenceEqual("text"u8),
        5 => type.SequenceEqual("image"u8),
        7 => type.SequenceEqual("message"u8) || type.SequenceEqual("refusal"u8),
        8 => type.SequenceEqual("tool_use"u8) || type.SequenceEqual("thinking"u8),
        9 => type.SequenceEqual("image_url"u8) || type.SequenceEqual("reasoning"u8),
        10 => type.SequenceEqual("input_text"u8),
        11 => type.SequenceEqual("input_image"u8) || type.SequenceEqual("input_audio"u8) || type.SequenceEqual("output_text"u8)
            || type.SequenceEqual("tool_result"u8),
        12 => type.SequenceEqual("summary_text"u8),
        13 => type.SequenceEqual("function_call"u8),
        14 => type.SequenceEqual("reasoning_text"u8),
        16 => type.SequenceEqual("custom_tool_call"u8),
        17 => type.SequenceEqual("redacted_thinking"u8),
        20 => type.SequenceEqual("function_call_output"u8),
        23 => type.SequenceEqual("custom_tool_call_output"u8),
        _ => false,
    };

    /// <summary>
    /// True for tools that the client runs, a namespace of such among them; any other may bring in text while the model answers.
    /// </summary>
    public static bool IsClientTool(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("function"u8) || type.SequenceEqual("custom"u8) || type.SequenceEqual("namespace"u8);
}

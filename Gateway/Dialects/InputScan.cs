using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>What the members of an object, or the values of an array, are.</summary>
internal enum InputPlace : byte
{
    /// <summary>Anything; it counts as text.</summary>
    Text,

    /// <summary>The body's own members.</summary>
    Root,

    /// <summary>Messages, parts of a message, texts or token numbers.</summary>
    Items,

    /// <summary>A message or a part of one.</summary>
    Item,

    /// <summary>What a part says of its medium.</summary>
    Medium,

    /// <summary>The list of tools.</summary>
    Tools,

    /// <summary>One of them.</summary>
    Tool,

    /// <summary>JSON that a provider may write into the prompt in its own way.</summary>
    Schema,
}

/// <summary>One pass over a body that adds up what <see cref="InputBound"/> needs; keeps a place for each level of nesting.</summary>
internal ref struct InputScan
{
    /// <summary>A decoded byte of base64 is three quarters of a byte of text.</summary>
    private const double BytesPerBase64 = 0.75;

    /// <summary>Opus' lowest bit rate is 6 kbit/s (RFC 6716, 2.1.1); MP3's is 8, a telephone's WAV has 64.</summary>
    private const double LeastBytesPerSecond = 750;

    /// <summary>Gemini's; Qwen's models take 25, Mistral's 12.5, OpenAI's 10. https://ai.google.dev/gemini-api/docs/audio</summary>
    private const double TokensPerSecond = 32;

    /// <summary>
    /// A schema may be written anew, with indents: for each value a line's end, a space behind the colon and one more mark …
    /// (OpenAI's notation, by its cookbook, adds three tokens for each property and each value of an enumeration).
    /// </summary>
    private const int MarksPerValue = 3;

    /// <summary>… and its indent, of four spaces a level, in tokens of at least sixteen (Llama 2 has none for more).</summary>
    private const int LevelsPerToken = 4;

    /// <summary>Behind <c>data:image/</c> nothing matters.</summary>
    private const int MostSample = 32;

    /// <summary>A shorter string in a medium is no content; as text it weighs little.</summary>
    private const int LeastContent = 64;

    private readonly long _length;
    private readonly bool _estimates;
    private readonly Span<InputPlace> _places;
    private readonly TextCounter? _counter;
    private Utf8JsonReader _reader;
    private InputName _name;

    // The medium that is being read.
    private InputName _medium;
    private long _mediumBytes;

    // Sums.
    private long _counted;
    private long _schemaMarks, _mediaBytes, _numberBytes, _audio, _extraOutput, _estimatedMedia, _estimatedBytes;
    private int _images, _files;
    private bool _isConversation, _hasTools, _isBare;

    /// <param name="counter">Null: only bytes are asked for.</param>
    public InputScan(ReadOnlySequence<byte> body, Span<InputPlace> places, TextCounter? counter)
    {
        _length = body.Length;
        _counter = counter;
        _estimates = body.Length >= InputEstimate.LeastBody && counter is null;
        _places = places;
        _reader = BodyScanner.Reader(body);
    }

    public readonly InputSize Size => new()
    {
        Estimate = InputEstimate.TokensOf(_length - _estimatedBytes) + _estimatedMedia * InputEstimate.TokensPerMedium,
        TextAtMost = _length - _mediaBytes - _numberBytes + _schemaMarks
            + (_isConversation ? InputBound.ConversationAtMost : InputBound.PlainAtMost) + (_hasTools ? InputBound.ToolsAtMost : 0),
        Images = _images,
        AudioAtMost = _audio,
        Files = _files,
        ExtraOutputAtMost = _extraOutput,
    };

    /// <summary>
    /// The texts' tokens, with three marks for each value: OpenAI's cookbook has three for a message, one for a name, three for what opens
    /// the answer, three for each property and each value of an enumeration in a tool, ten and twelve around all tools.
    /// </summary>
    public readonly long CountedText => _counted - _mediaBytes + InputBound.PlainAtMost + (_hasTools ? InputBound.ToolsAtMost : 0);

    public void Run()
    {
        while (_reader.Read())
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    ReadName();
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Enter(_reader.TokenType == JsonTokenType.StartObject);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    Leave();
                    break;
                default:
                    ReadScalar();
                    break;
            }
        }
    }

    private void ReadName()
    {
        if (_estimates)
            _isBare = InputEstimate.HoldsBareBase64(ref _reader);
        Span<byte> name = stackalloc byte[InputNames.MaxLength];
        _name = _places[_reader.CurrentDepth] switch
        {
            InputPlace.Item => InputNames.OfItem(LowerText(name)),
            InputPlace.Root => InputNames.OfRoot(LowerText(name)),
            InputPlace.Medium => InputNames.OfMedium(LowerText(name)),
            InputPlace.Tool => InputNames.OfTool(LowerText(name)),
            _ => InputName.Other,
        };
        if (_counter is { } counter && _places[_reader.CurrentDepth] is not (InputPlace.Root or InputPlace.Item or InputPlace.Medium))
            _counted += counter.AtMostAsJson(_reader) + MarksPerValue; // the names in tools and schemas, and in what tools were called with
    }

    private void Enter(bool isObject)
    {
        var depth = _reader.CurrentDepth;
        var outer = _places[depth];
        _places[depth + 1] = depth == 0 ? InputPlace.Root : outer switch
        {
            InputPlace.Root => OfRootMember(isObject),
            InputPlace.Items => OfItems(isObject),
            InputPlace.Item => OfItemMember(isObject),
            InputPlace.Medium => InputPlace.Medium,
            InputPlace.Tools when isObject => InputPlace.Tool,
            InputPlace.Tool => OfToolMember(),
            InputPlace.Tools or InputPlace.Schema => InputPlace.Schema,
            _ => InputPlace.Text,
        };
        if (outer == InputPlace.Medium && !isObject)
            _medium = InputName.File; // several pictures in one part, or frames of a video
        CountMarks(depth);
        _counted += MarksPerValue;
        _name = InputName.Other;
        _isBare = false;
        if (_places[depth + 1] == InputPlace.Schema && _counter is null)
            ReadSchema();
    }

    /// <summary>
    /// Goes to the end of what has just begun: of all that a body holds, schemas have the most members, and no name in them matters.
    /// </summary>
    private void ReadSchema()
    {
        var reader = _reader;
        var end = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > end)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    _isBare = _estimates && InputEstimate.HoldsBareBase64(ref reader);
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    continue;
                case JsonTokenType.String when _estimates:
                    Estimate(ref reader);
                    break;
            }
            _schemaMarks += MarksPerValue + reader.CurrentDepth / LevelsPerToken;
            _isBare = false;
        }
        _reader = reader;
    }

    private InputPlace OfItems(bool isObject)
    {
        _isConversation |= isObject;
        return isObject ? InputPlace.Item : InputPlace.Items;
    }

    private InputPlace OfRootMember(bool isObject)
    {
        switch (_name)
        {
            case InputName.Input or InputName.Content or InputName.Prompt:
                _files += isObject && _name == InputName.Prompt ? 1 : 0;
                return OfItems(isObject);
            case InputName.Tools:
                _hasTools = true;
                return isObject ? InputPlace.Schema : InputPlace.Tools;
            case InputName.Schema:
                return InputPlace.Schema;
            case InputName.ExtraBody when isObject:
                return InputPlace.Root;
            case InputName.OpenEnded:
                _files++;
                return InputPlace.Text;
            case InputName.Prediction:
                ReadPrediction();
                return InputPlace.Text;
            default:
                return InputPlace.Text;
        }
    }

    private InputPlace OfToolMember()
    {
        _files += _name == InputName.OpenEnded ? 1 : 0;
        return InputPlace.Schema;
    }

    private InputPlace OfItemMember(bool isObject)
    {
        if (_name == InputName.Content)
            return isObject ? InputPlace.Item : InputPlace.Items;
        if (!IsMedium)
            return InputPlace.Schema; // the calls of tools, say, which a provider may write anew
        _medium = isObject ? _name : InputName.File;
        _mediumBytes = 0;
        return InputPlace.Medium;
    }

    private void Leave()
    {
        var depth = _reader.CurrentDepth;
        if (_places[depth + 1] == InputPlace.Medium && _places[depth] != InputPlace.Medium)
            CountMedium();
        _name = InputName.Other;
        _isBare = false;
    }

    private void ReadScalar()
    {
        var place = _places[_reader.CurrentDepth];
        var isString = _reader.TokenType == JsonTokenType.String;
        if (_estimates && isString)
            Estimate(ref _reader);
        _isBare = false;
        CountMarks(_reader.CurrentDepth);
        if (_counter is { } counter)
            Count(counter, place, isString);
        if (isString && place is InputPlace.Item or InputPlace.Medium or InputPlace.Tool)
            ReadString(place);
        else if (place == InputPlace.Items && _reader.TokenType == JsonTokenType.Number)
            _numberBytes += ValueLength(); // the comma or the bracket before it counts as the token
        else if (place == InputPlace.Root && _name == InputName.OpenEnded && !SaysNo)
            _files++;
        _name = InputName.Other;
    }

    private readonly bool IsMedium => _name is InputName.Image or InputName.Audio or InputName.Inline or InputName.File;

    private readonly bool SaysNo => _reader.TokenType is JsonTokenType.Null or JsonTokenType.False;

    private void ReadString(InputPlace place)
    {
        Span<byte> sample = stackalloc byte[MostSample];
        if (place == InputPlace.Medium)
            ReadMediumString(sample);
        else if (_name == InputName.Type)
        {
            var type = LowerText(sample);
            _files += place == InputPlace.Tool ? (InputNames.IsClientTool(type) ? 0 : 1) : InputNames.IsKnownItem(type) ? 0 : 1;
        }
        else if (place == InputPlace.Item && IsMedium)
        {
            (_medium, _mediumBytes) = (_name, 0);
            ReadMediumString(sample);
            CountMedium();
        }
    }

    private void ReadMediumString(scoped Span<byte> sample)
    {
        var length = ValueLength();
        ReadOnlySpan<byte> start = sample[..AsciiText.Lower(_reader, sample, out _)];
        var isData = start.StartsWith("data:"u8);
        if (isData || _name == InputName.MediaType)
        {
            var type = isData ? start[5..] : start;
            SetMedium(type.StartsWith("image/"u8) ? InputName.Image : type.StartsWith("audio/"u8) ? InputName.Audio : InputName.File);
        }
        if (isData || (length > LeastContent && InputEstimate.IsBase64(ref _reader)))
            _mediumBytes += length;
    }

    /// <summary>
    /// The media type decides where the name leaves it open; where they differ, there is no saying which of them the provider believes.
    /// </summary>
    private void SetMedium(InputName kind) => _medium = _medium == InputName.Inline || _medium == kind ? kind : InputName.File;

    /// <summary>Files stay in the text: some are text, and where the context window is known it bounds them anyway.</summary>
    private void CountMedium()
    {
        if (_medium == InputName.Image)
            _images++;
        else if (_medium == InputName.Audio && _mediumBytes > 0)
            _audio += (long)Math.Ceiling(_mediumBytes * BytesPerBase64 / LeastBytesPerSecond * TokensPerSecond) + 1;
        else
        {
            _files++;
            return;
        }
        _mediaBytes += _mediumBytes;
    }

    /// <summary>Media count by their bytes, which are taken off where they turn out to be no text.</summary>
    private void Count(TextCounter counter, InputPlace place, bool isString)
    {
        var isMedium = place == InputPlace.Medium || (place == InputPlace.Item && IsMedium);
        if (place == InputPlace.Items && !isString)
            _counted++; // the number of a token
        else if (isMedium || !isString)
            _counted += MarksPerValue + ValueLength();
        else
            _counted += MarksPerValue
                + (place is InputPlace.Items or InputPlace.Item ? counter.AtMost(_reader) : counter.AtMostAsJson(_reader));
    }

    private void CountMarks(int depth)
    {
        if (_places[depth] is InputPlace.Schema or InputPlace.Tool or InputPlace.Tools)
            _schemaMarks += MarksPerValue + depth / LevelsPerToken;
    }

    /// <summary>
    /// Its bytes bound the rejected tokens; they stay in the text as well, since not every server is known to leave them out of the
    /// prompt.
    /// </summary>
    private void ReadPrediction()
    {
        var copy = _reader; // a struct: the pass itself stays where it is
        var start = copy.BytesConsumed;
        copy.Skip();
        _extraOutput += copy.BytesConsumed - start;
    }

    private void Estimate(ref Utf8JsonReader reader)
    {
        if (InputEstimate.IsMedium(ref reader, _isBare, out var length))
            (_estimatedBytes, _estimatedMedia) = (_estimatedBytes + length, _estimatedMedia + 1);
    }

    private readonly long ValueLength() => _reader.HasValueSequence ? _reader.ValueSequence.Length : _reader.ValueSpan.Length;

    /// <summary>The whole name or text in lower case and without escapes; empty where it is too long for any that is looked for.</summary>
    private readonly ReadOnlySpan<byte> LowerText(Span<byte> buffer)
    {
        if (ValueLength() > buffer.Length * AsciiText.MostBytesPerEscape)
            return default;
        var length = AsciiText.Lower(_reader, buffer, out var isWhole);
        return isWhole ? buffer[..length] : default;
    }
}

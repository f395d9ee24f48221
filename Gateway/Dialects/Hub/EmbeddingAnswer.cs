using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>Vectors, in no dialect's words.</summary>
public sealed class EmbeddingAnswer
{
    /// <summary>One vector for each input, in its order.</summary>
    public List<float[]> Vectors { get; } = [];

    /// <summary>Null: the provider told none (the gateway estimates then).</summary>
    public Usage? Usage { get; set; }

    /// <summary>The usage as it was sent. Null: none.</summary>
    public string? RawUsage { get; set; }

    /// <summary>Reads a list of numbers and keeps it.</summary>
    /// <returns>False when it is none, or a number in it is not finite.</returns>
    public bool TryAdd(JsonElement? numbers)
    {
        if (numbers is not { ValueKind: JsonValueKind.Array } list)
            return false;
        var vector = new float[list.GetArrayLength()];
        var at = 0;
        foreach (var number in list.EnumerateArray())
        {
            if (number.ValueKind != JsonValueKind.Number || !number.TryGetSingle(out var value) || !float.IsFinite(value))
                return false;
            vector[at++] = value;
        }
        Vectors.Add(vector);
        return true;
    }
}

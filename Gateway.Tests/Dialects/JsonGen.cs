using System.Text;
using CsCheck;

namespace Gateway.Tests.Dialects;

/// <summary>Makes JSON texts as clients write them, and worse ones.</summary>
internal static class JsonGen
{
    private static readonly Gen<string> Space = Gen.OneOf("", "", "", " ", "\n\t", "\r\n");

    private static readonly Gen<string> Scalar = Gen.OneOf(
        "1", "-0", "1.50", "1e3", "123456789012345678901234567890", "true", "false", "null", "\"\"", "\"a\"", "\"\\u0041\\n\"", "\"é😀\"", "\"\\ud83d\\ude00\"");

    private static readonly Gen<string> Name = Gen.OneOf(
        "a", "b", "c", "seed", "temperature", "top_p", "messages", "", "é", "n\\u0061me", "\\\"");

    /// <summary>Any value, up to a few levels deep.</summary>
    public static Gen<string> Value(int depth = 3) => depth == 0
        ? Scalar
        : Gen.Frequency((3, Scalar), (1, Object(Name, depth - 1)), (1, Value(depth - 1).Array[0, 3].Select(items => $"[{string.Join(',', items)}]")));

    private static readonly Gen<string> StreamOptions = Gen.OneOf(
        "{}", "null", "{\"include_usage\":true}", "{ \"x\":1, \"include_usage\" : false , \"y\":[{}] }", "{\"x\":{\"include_usage\":1}}",
        "{\"includ\\u0065_usage\":null}");

    private static readonly Gen<string> ExtraBody = Gen.OneOf("{}", "null", "{\"top_k\":1}", "{ \"top_k\" : 1 , \"min_p\":[2] }", "{\"d\":{}, \"e\":1}");

    private static readonly Gen<(string, string)[]> RoutingParams = Gen.Select(
        Optional("timeout", Gen.OneOf("1", "0.5", "6000", "1e2", "null")),
        Optional("tags", Gen.OneOf("[]", "null", "[\"a\"]", "[ \"a\" , \"\\u0061\",\"é\" ]")),
        Optional("metadata", Gen.OneOf("{}", "null", "1", "{\"tags\":[\"b\"],\"k\":{}}", "{\"tags\":\"b\"}", "[]")),
        Optional("fallbacks", Gen.OneOf("[]", "null", "[\"a\",{\"model\":\"b\"}]", "[{\"g\":[\"a\"]}]")))
        .Select((timeout, tags, metadata, fallbacks) => new[] { timeout, tags, metadata, fallbacks });

    private static readonly Gen<(string Name, string Value)[]> Known = Gen.Select(
        Optional("model", Gen.OneOf("\"gpt\"", "null", "\"\\u0067pt\"")),
        Optional("stream", Gen.OneOf("true", "false", "null")),
        Optional("stream_options", StreamOptions),
        Optional("max_tokens", Gen.OneOf("1", "null", "-1", "4096", "10.0")),
        Optional("max_completion_tokens", Gen.OneOf("2", "null", "100000")),
        Optional("extra_body", ExtraBody),
        RoutingParams).Select(all => new[] { all.Item1, all.Item2, all.Item3, all.Item4, all.Item5, all.Item6 }
            .Concat(all.Item7).Where(member => member.Item1.Length > 0).ToArray());

    /// <summary>A request body that is accepted: known members at most once and in any place, others as they come, even twice.</summary>
    public static Gen<string> Request => Gen.Select(
        Known, Gen.Select(Name, Value()).Array[0, 6], Gen.Int, Space, Space)
        .Select((known, others, seed, before, after) => Text(Shuffle(known.Concat(others), seed), before, after));

    /// <summary>Bytes that are JSON or nearly so: a few were changed, taken out or put in.</summary>
    public static Gen<byte[]> Broken(Gen<string> json) => Gen.Select(json, Gen.Select(Gen.Int[0, 2], Gen.Int[0, 10_000], Gen.Byte).Array[0, 4])
        .Select((text, edits) => Edit(Encoding.UTF8.GetBytes(text), edits));

    private static byte[] Edit(byte[] bytes, (int Kind, int At, byte Value)[] edits)
    {
        var list = new List<byte>(bytes);
        foreach (var (kind, at, value) in edits)
        {
            var place = list.Count == 0 ? 0 : at % list.Count;
            if (kind == 0 || list.Count == 0)
                list.Insert(place, value);
            else if (kind == 1)
                list.RemoveAt(place);
            else
                list[place] = value;
        }
        return [.. list];
    }

    private static Gen<string> Object(Gen<string> names, int depth) => Gen.Select(names, Value(depth)).Array[0, 3]
        .Select(members => Text(members, "", ""));

    private static Gen<(string, string)> Optional(string name, Gen<string> value) =>
        Gen.Select(Gen.Bool, value).Select((isThere, text) => isThere ? (name, text) : ("", ""));

    private static IEnumerable<T> Shuffle<T>(IEnumerable<T> items, int seed)
    {
        var all = items.ToArray();
        new Random(seed).Shuffle(all);
        return all;
    }

    private static string Text(IEnumerable<(string Name, string Value)> members, string before, string after) =>
        $"{before}{{{after}{string.Join($"{before},{after}", members.Select(m => $"\"{m.Name}\"{after}:{before}{m.Value}"))}{before}}}{after}";
}

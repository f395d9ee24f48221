using CsCheck;
using Gateway.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Keys;

public sealed class PresentedKeyTests
{
    [TestCase("x-litellm-api-key", "sk-abcdefgh")]
    [TestCase("X-LiteLLM-API-Key", "Bearer sk-abcdefgh")]
    [TestCase("Authorization", "Bearer sk-abcdefgh")]
    [TestCase("Authorization", "bearer sk-abcdefgh")]
    [TestCase("Authorization", "Bearer   sk-abcdefgh ")]
    [TestCase("Authorization", "Basic sk-abcdefgh")]
    [TestCase("api-key", "sk-abcdefgh")]
    [TestCase("x-api-key", "sk-abcdefgh")]
    [TestCase("x-goog-api-key", "sk-abcdefgh")]
    [TestCase("Ocp-Apim-Subscription-Key", "sk-abcdefgh")]
    public void AKeyIsFoundInEachOfTheHeaders(string header, string value) =>
        Assert.That(Find(null, (header, value)), Is.EqualTo("sk-abcdefgh"));

    [Test]
    public void TheFirstHeaderOfTheOrderDecides()
    {
        (string, StringValues)[] all =
        [
            ("x-litellm-api-key", "key-1"), ("Authorization", "Bearer key-2"), ("api-key", "key-3"),
            ("x-api-key", "key-4"), ("x-goog-api-key", "key-5"), ("Ocp-Apim-Subscription-Key", "key-6"),
        ];
        for (var first = 0; first < all.Length; first++)
            Assert.That(Find(null, [.. all.Skip(first).Reverse()]), Is.EqualTo($"key-{first + 1}"));
    }

    [TestCase("x-litellm-api-key", "")]
    [TestCase("Authorization", "  ")]
    [TestCase("Authorization", "Bearer ")]
    public void AnEmptyHeaderIsPassedOver(string header, string value) =>
        Assert.That(Find(null, (header, value), ("x-api-key", "key-4")), Is.EqualTo("key-4"));

    [TestCase("sk-abcdefgh")]
    [TestCase("Bearersk-abcdefgh")]
    [TestCase("Digest sk-abcdefgh")]
    public void AnAuthorizationWithoutKnownSchemeIsMalformed(string value) =>
        Assert.That(Find(null, ("Authorization", value)), Does.StartWith("Authentication Error, Malformed API Key passed in."));

    [TestCase("x-litellm-api-key")]
    [TestCase("Authorization")]
    [TestCase("x-api-key")]
    public void ARepeatedHeaderIsMalformed(string header) =>
        Assert.That(Find(null, (header, new StringValues(["Bearer key-1", "Bearer key-1"]))), Does.Contain("Malformed"));

    [Test]
    public void NoHeaderIsNoKey() => Assert.That(Find(null), Is.EqualTo("Authentication Error, No api key passed in."));

    [Test]
    public void AHeaderOfOnesOwnReplacesAllOthers()
    {
        Assert.That(Find("X-My-Key", ("x-my-key", "Bearer mine"), ("Authorization", "Bearer other")), Is.EqualTo("mine"));
        Assert.That(Find("X-My-Key", ("x-my-key", "mine")), Is.EqualTo("mine"));
        Assert.That(Find("X-My-Key", ("Authorization", "Bearer other")), Does.Contain("No api key"));
    }

    [Test]
    public void NoHeaderTextMakesItThrowOrGiveBothKeyAndError()
    {
        string[] names = ["x-litellm-api-key", "Authorization", "api-key", "x-api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key"];
        string[] prefixes = ["", " ", "Bearer", "Bearer ", "bearer  ", "Basic ", "BASIC"];
        var name = Gen.Int[0, names.Length - 1].Select(i => names[i]);
        var text = Gen.Select(Gen.Int[0, prefixes.Length - 1], Gen.String, (i, rest) => prefixes[i] + rest);
        Gen.Select(name, text.Array[0, 3]).Array[0, 4].Sample(headers =>
        {
            var dictionary = new HeaderDictionary();
            foreach (var (header, values) in headers)
                dictionary[header] = new StringValues(values);
            var error = PresentedKey.Find(dictionary, null, out var key);
            Assert.That(key.IsEmpty, Is.EqualTo(error is not null));
            Assert.That(key.Trim().Length, Is.EqualTo(key.Length));
        });
    }

    /// <summary>The key, or the message of the refusal.</summary>
    private static string Find(string? onlyHeader, params (string Name, StringValues Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers)
            dictionary[name] = value;
        return PresentedKey.Find(dictionary, onlyHeader, out var key)?.Message ?? key.ToString();
    }
}

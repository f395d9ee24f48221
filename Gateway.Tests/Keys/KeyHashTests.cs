using CsCheck;
using Gateway.Keys;

namespace Gateway.Tests.Keys;

public sealed class KeyHashTests
{
    [Test]
    public void AKeyIsHashedAsLiteLlmDoes()
    {
        // printf sk-1234567890 | sha256sum
        Assert.That(KeyHash.TryCompute("sk-1234567890", out var hash));
        Assert.That(hash.ToHex(), Is.EqualTo("581d30b4caecfdbad68803e06cde0f826b06850314fbadc988d9ad6d0d4d3298"));
    }

    [TestCase(0, false)]
    [TestCase(8, true)]
    [TestCase(256, true)]
    [TestCase(257, false)]
    public void TheLengthOfAKeyIsBounded(int length, bool isKey) =>
        Assert.That(KeyHash.TryCompute(new string('k', length), out _), Is.EqualTo(isKey));

    [TestCase("with space")]
    [TestCase("with\ttab")]
    [TestCase("schlüssel-1")]
    [TestCase("null\0null")]
    [TestCase("delete\u007f")]
    public void AKeyIsPrintableAsciiWithoutSpace(string key) => Assert.That(KeyHash.TryCompute(key, out _), Is.False);

    [Test]
    public void HexIsReadInEitherCaseAndWrittenInLowerCase()
    {
        Assert.That(KeyHash.TryCompute("team-alpha-token", out var hash));
        Assert.That(KeyHash.TryParseHex(hash.ToHex().ToUpperInvariant(), out var read));
        Assert.That(read, Is.EqualTo(hash));
        Assert.That(read.GetHashCode(), Is.EqualTo(hash.GetHashCode()));
    }

    [TestCase("")]
    [TestCase("abcd")]
    [TestCase("zz34567890123456789012345678901234567890123456789012345678901234")]
    public void WhatIsNotHexIsNoHash(string hex) => Assert.That(KeyHash.TryParseHex(hex, out _), Is.False);

    [Test]
    public void DifferentKeysHaveDifferentHashes() => Gen.Char[' ', '~'].Array[0, 40].Select(c => new string(c)).Array[2].Sample(keys =>
    {
        var areKeys = KeyHash.TryCompute(keys[0], out var one) & KeyHash.TryCompute(keys[1], out var other);
        if (areKeys)
            Assert.That(one == other, Is.EqualTo(keys[0] == keys[1]));
    });
}

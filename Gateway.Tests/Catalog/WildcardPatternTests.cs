using System.Text.RegularExpressions;
using CsCheck;
using Gateway.Catalog;

namespace Gateway.Tests.Catalog;

public sealed class WildcardPatternTests
{
    [TestCase("a*c", "abbc", "bb")]
    [TestCase("*-*", "a-b-c", "a-b|c")]
    [TestCase("x::*::y::*", "x::1::y::2", "1|2")]
    [TestCase("*", "", "")]
    [TestCase("a*a", "aa", "")]
    [TestCase("a*a", "a", null)]
    [TestCase("a*b", "axbzzz", null)]
    [TestCase("plain", "plain", "")]
    public void StarsStandForWhatIsBetween(string pattern, string name, string? captured)
    {
        var found = new WildcardPattern(pattern).Capture(name);
        Assert.That(found is { } texts ? string.Join('|', texts) : null, Is.EqualTo(captured));
        Assert.That(WildcardPattern.Matches(pattern, name), Is.EqualTo(captured is not null));
    }

    private static readonly Gen<string> Patterns = Gen.Char["ab*"].Array[0, 8].Select(c => new string(c));
    private static readonly Gen<string> Names = Gen.Char["ab"].Array[0, 12].Select(c => new string(c));

    /// <summary>The reference is a regular expression with a greedy group for each star.</summary>
    [Test]
    public void CapturesAreThoseOfAGreedyExpressionAnchoredAtBothEnds() => Gen.Select(Patterns, Names).Sample((pattern, name) =>
    {
        var match = Regex.Match(name, $@"\A{Regex.Escape(pattern).Replace(@"\*", "(.*)")}\z");
        var captured = new WildcardPattern(pattern).Capture(name);
        return WildcardPattern.Matches(pattern, name) == match.Success
            && captured.HasValue == match.Success
            && (captured is not { } texts || texts.SequenceEqual(match.Groups.Values.Skip(1).Select(g => g.Value)));
    });

    [Test]
    public void WhatWasCapturedFillsThePatternAgain() => Gen.Select(Patterns, Names).Sample((pattern, name) =>
        new WildcardPattern(pattern).Capture(name) is not { } texts || new WildcardPattern(pattern).Fill(texts) == name);
}

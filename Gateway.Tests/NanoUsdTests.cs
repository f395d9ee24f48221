namespace Gateway.Tests;

public sealed class NanoUsdTests
{
    [TestCase(0, "0")]
    [TestCase(12_500, "0.0000125")]
    [TestCase(1, "0.000000001")]
    [TestCase(3_000_000_000, "3")]
    [TestCase(-1_500_000_000, "-1.5")]
    [TestCase(-1, "-0.000000001")]
    [TestCase(1_000_000_001, "1.000000001")]
    [TestCase(long.MaxValue, "9223372036.854775807")]
    [TestCase(long.MinValue, "-9223372036.854775808")]
    public void AmountsPrintAsPlainDecimals(long nano, string expected) =>
        Assert.That(new NanoUsd(nano).ToString(), Is.EqualTo(expected));

    [TestCase("500.00", 500_000_000_000)]
    [TestCase("0.0000000005", 1)]
    [TestCase("0.0000000004", 0)]
    public void DollarsAreRoundedOnceToTheNanoDollar(string usd, long nano) =>
        Assert.That(NanoUsd.FromUsd(decimal.Parse(usd)).Value, Is.EqualTo(nano));
}

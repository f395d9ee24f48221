using System.Globalization;
using CsCheck;
using Gateway.Limits;

namespace Gateway.Tests.Limits;

public sealed class BudgetCalendarTests
{
    // Ordinary days, in UTC.
    [TestCase("30s", "2026-11-24T10:20:45", "2026-11-24T10:20:30", "2026-11-24T10:21:00")]
    [TestCase("30m", "2026-11-24T10:20:45", "2026-11-24T10:00:00", "2026-11-24T10:30:00")]
    [TestCase("1h", "2026-11-24T10:20:45", "2026-11-24T10:00:00", "2026-11-24T11:00:00")]
    [TestCase("hourly", "2026-11-24T10:00:00", "2026-11-24T10:00:00", "2026-11-24T11:00:00")]
    [TestCase("6h", "2026-11-24T10:20:45", "2026-11-24T06:00:00", "2026-11-24T12:00:00")]
    [TestCase("1d", "2026-11-24T10:20:45", "2026-11-24T00:00:00", "2026-11-25T00:00:00")]
    [TestCase("24h", "2026-11-24T10:20:45", "2026-11-24T00:00:00", "2026-11-25T00:00:00")]
    [TestCase("daily", "2026-11-24T00:00:00", "2026-11-24T00:00:00", "2026-11-25T00:00:00")]
    // 24 November 2026 is a Tuesday.
    [TestCase("7d", "2026-11-24T10:20:45", "2026-11-23T00:00:00", "2026-11-30T00:00:00")]
    [TestCase("1w", "2026-11-29T23:59:59", "2026-11-23T00:00:00", "2026-11-30T00:00:00")]
    [TestCase("weekly", "2026-11-30T00:00:00", "2026-11-30T00:00:00", "2026-12-07T00:00:00")]
    [TestCase("30d", "2026-11-24T10:20:45", "2026-11-01T00:00:00", "2026-12-01T00:00:00")]
    [TestCase("1mo", "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00")]
    [TestCase("monthly", "2026-01-31T12:00:00", "2026-01-01T00:00:00", "2026-02-01T00:00:00")]
    [TestCase("1mo", "2028-02-29T12:00:00", "2028-02-01T00:00:00", "2028-03-01T00:00:00")]
    [TestCase("1d", "2028-02-29T12:00:00", "2028-02-29T00:00:00", "2028-03-01T00:00:00")]
    [TestCase("3mo", "2026-11-24T10:20:45", "2026-10-01T00:00:00", "2027-01-01T00:00:00")]
    [TestCase("yearly", "2026-11-24T10:20:45", "2026-01-01T00:00:00", "2027-01-01T00:00:00")]
    // 1970-01-05 is the Monday that others are counted from: 20,777 days before 24 November 2026, 20,768 (2 × 10,384) before 15 November.
    [TestCase("2d", "2026-11-24T10:20:45", "2026-11-23T00:00:00", "2026-11-25T00:00:00")]
    // 498,648 hours before the 24th begins; 30 × 16,621 = 498,630.
    [TestCase("30h", "2026-11-24T10:20:45", "2026-11-23T06:00:00", "2026-11-24T12:00:00")]
    public void PeriodsBeginWhereTheCalendarDoes(string period, string now, string start, string end) =>
        AssertSpan(BudgetCalendar.Utc, period, now + "Z", start + "Z", end + "Z");

    // Berlin: 29 March 2026 2:00 becomes 3:00; 25 October 2026 3:00 becomes 2:00.
    [TestCase("1d", "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", TestName = "DayOf23Hours")]
    [TestCase("1d", "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", TestName = "DayOf25Hours")]
    [TestCase("1mo", "2026-03-30T12:00:00+02:00", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", TestName = "MonthThatBecomesSummer")]
    [TestCase("1w", "2026-10-25T23:30:00+01:00", "2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00", TestName = "WeekThatBecomesWinter")]
    [TestCase("1d", "2026-06-30T23:30:00+02:00", "2026-06-30T00:00:00+02:00", "2026-07-01T00:00:00+02:00", TestName = "DayThatIsYesterdayInUtc")]
    [TestCase("1h", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", TestName = "FirstOfTwoEqualHours")]
    [TestCase("1h", "2026-10-25T02:30:00+01:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00", TestName = "SecondOfTwoEqualHours")]
    [TestCase("1h", "2026-03-29T01:30:00+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", TestName = "HourBeforeTheMissingOne")]
    [TestCase("30m", "2026-10-25T02:40:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00", TestName = "HalfHourOfWinter")]
    [TestCase("6h", "2026-03-29T08:00:00+02:00", "2026-03-29T06:00:00+02:00", "2026-03-29T12:00:00+02:00", TestName = "SixHoursByTheClock")]
    [TestCase("6h", "2026-03-29T05:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00", TestName = "SixHoursThatAreFive")]
    [TestCase("2h", "2026-03-29T03:10:00+02:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", TestName = "TwoHoursWhoseBeginningIsMissing")]
    [TestCase("2h", "2026-10-25T02:30:00+01:00", "2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00", TestName = "TwoHoursThatAreThree")]
    public void InBerlin(string period, string now, string start, string end) => AssertSpan(In("Europe/Berlin"), period, now, start, end);

    // New York: 8 March 2026 2:00 becomes 3:00; 1 November 2026 2:00 becomes 1:00.
    [TestCase("1d", "2026-03-08T12:00:00-04:00", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", TestName = "NewYorkDayOf23Hours")]
    [TestCase("30d", "2026-11-01T00:30:00-04:00", "2026-11-01T00:00:00-04:00", "2026-12-01T00:00:00-05:00", TestName = "NewYorkMonth")]
    [TestCase("1d", "2026-11-01T01:30:00-05:00", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", TestName = "NewYorkSecondHalfPastOne")]
    public void InNewYork(string period, string now, string start, string end) =>
        AssertSpan(In("America/New_York"), period, now, start, end);

    [Test] // Cairo, 24 April 2026: midnight does not exist, the day begins at 1:00. And on 29 October the last hour comes twice.
    public void ADayWithoutMidnightBeginsWhenTheClockHasLeapt()
    {
        AssertSpan(In("Africa/Cairo"), "1d", "2026-04-24T12:00:00+03:00", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00");
        AssertSpan(In("Africa/Cairo"), "1d", "2026-04-23T23:59:59+02:00", "2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00");
        AssertSpan(In("Africa/Cairo"), "1d", "2026-10-29T23:30:00+02:00", "2026-10-29T00:00:00+03:00", "2026-10-30T00:00:00+02:00");
    }

    [Test]
    public void ABudgetWithoutAPeriodIsForAllTime() =>
        Assert.That(BudgetCalendar.Utc.SpanAt(null, DateTimeOffset.UnixEpoch), Is.EqualTo(BudgetSpan.Always));

    [Test]
    public void PeriodsMeetWithoutGapOrOverlapInEveryZone()
    {
        var zones = new[] { "UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe",
            "Asia/Kolkata", "Pacific/Apia" };
        var periods = new[] { "30s", "7m", "45m", "1h", "2h", "5h", "6h", "12h", "30h", "1d", "2d", "5d", "1w", "2w", "1mo", "3mo",
            "yearly" };
        Gen.Select(Gen.OneOf(zones), Gen.OneOf(periods), Gen.Long[0, 60L * 366 * 86_400]).Sample((zone, text, second) =>
        {
            var calendar = In(zone);
            Assert.That(BudgetPeriod.TryParse(text, out var period));
            var now = DateTimeOffset.UnixEpoch.AddSeconds(second).ToOffset(TimeSpan.FromHours(3));
            var span = calendar.SpanAt(period, now);
            return span.Start <= now && now < span.End
                && calendar.SpanAt(period, span.Start) == span
                && calendar.SpanAt(period, span.End.AddTicks(-1)) == span
                && calendar.SpanAt(period, span.End).Start == span.End;
        }, iter: 5_000);
    }

    [TestCase("30s")]
    [TestCase("1440m")]
    [TestCase(" 1mo ")]
    [TestCase("Daily")]
    [TestCase("3660d")]
    public void PeriodsAreRead(string text) => Assert.That(BudgetPeriod.TryParse(text, out var period) && period.Text == text.Trim());

    [TestCase("")]
    [TestCase("0d")]
    [TestCase("-1d")]
    [TestCase("1.5h")]
    [TestCase("d")]
    [TestCase("1")]
    [TestCase("1y")]
    [TestCase("99999999999d")]
    [TestCase("3661d")]
    [TestCase("2147483647mo")]
    [TestCase("2147483647w")]
    [TestCase("fortnightly")]
    public void WhatIsNoPeriodIsRefused(string text) => Assert.That(BudgetPeriod.TryParse(text, out _), Is.False);

    private static BudgetCalendar In(string zone) => new(TimeZoneInfo.FindSystemTimeZoneById(zone));

    private static void AssertSpan(BudgetCalendar calendar, string text, string now, string start, string end)
    {
        Assert.That(BudgetPeriod.TryParse(text, out var period));
        Assert.That(calendar.SpanAt(period, Time(now)), Is.EqualTo(new BudgetSpan(Time(start), Time(end))));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Runtime.InteropServices;
using Gateway.Catalog;
using Gateway.Ledger;
using Gateway.Pricing;

namespace Gateway.Cli;

/// <summary>
/// Adds up, user by user, what attempts would have cost at the prices of another file. A row that the file says nothing of keeps what was
/// booked, and is counted.
/// </summary>
internal sealed class Recomputation(PriceBook prices, CostAdjustments adjustments)
{
    private readonly record struct Sums(long Rows, Int128 Booked, Int128 Computed);

    private readonly Dictionary<string, Sums> _users = new(StringComparer.Ordinal);
    private long _withoutUsage;
    private long _withOwnPrice;
    private long _settled;
    private long _notInFile;

    public void Add(in BookedUsage row)
    {
        var computed = CostOf(row) ?? row.Cost;
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(_users, row.UserId, out _);
        sums = new Sums(sums.Rows + 1, sums.Booked + row.Cost.Value, sums.Computed + computed.Value);
    }

    /// <summary>The users, the largest difference first, the total, and what was left as it is.</summary>
    public void WriteTo(TextWriter output, string file)
    {
        var table = new TextTable("user", "attempts", "booked (USD)", "computed (USD)", "difference (USD)").WithNumbersIn(1, 2, 3, 4);
        foreach (var (user, sums) in _users.OrderByDescending(user => Int128.Abs(user.Value.Computed - user.Value.Booked))
                     .ThenBy(user => user.Key, StringComparer.Ordinal))
            Add(table, user, sums);
        var all = _users.Values;
        Add(table, "total", new Sums(
            all.Sum(sums => sums.Rows),
            all.Aggregate((Int128)0, (sum, sums) => sum + sums.Booked),
            all.Aggregate((Int128)0, (sum, sums) => sum + sums.Computed)));
        table.WriteTo(output);
        Say(output, _withoutUsage, "have no tokens and cost what they cost.");
        Say(output, _withOwnPrice, "were priced by their deployment itself, which comes before any file.");
        Say(output, _settled, "were settled by hand and are not computed.");
        Say(output, _notInFile, $"are of models that {file} has no price for, and stay as booked.");
        output.WriteLine("Nothing was written. Service tiers and tokens of images are not in the columns: the list price of text is taken.");
    }

    /// <returns>Null: it stays as booked.</returns>
    private NanoUsd? CostOf(in BookedUsage row)
    {
        if (row.Usage.Total == 0)
        {
            _withoutUsage++;
            return null;
        }
        if (row.PriceId == DeploymentPrice.Id)
        {
            _withOwnPrice++;
            return null;
        }
        if (row.IsCorrected)
        {
            _settled++;
            return null;
        }
        if (PriceOf(row) is not { } price)
        {
            _notInFile++;
            return null;
        }
        return price.CostOf(row.Usage, row.Latency);
    }

    /// <summary>The file's price of the model; else of the model whose price was applied (<c>base_model</c>).</summary>
    private ModelPrice? PriceOf(in BookedUsage row)
    {
        var price = Find(row.Provider, row.Model, row.Time);
        if (price is null && row.PriceId?.Split('@')[0] is { } priced && priced.IndexOf('/') is > 0 and var slash)
            price = Find(priced[..slash], priced, row.Time);
        return Providers.Find(row.Provider) is { } provider ? adjustments.Apply(provider, price) : price;
    }

    private ModelPrice? Find(string provider, string model, DateTimeOffset at)
    {
        var name = model.StartsWith(provider + "/", StringComparison.Ordinal) ? model[(provider.Length + 1)..] : model;
        return prices.Find(provider, name, at) is { Source: PriceSource.Map } price ? price : null;
    }

    private static void Add(TextTable table, string name, Sums sums) => table.Add(
        name, sums.Rows.ToString(CultureInfo.InvariantCulture), Show(sums.Booked), Show(sums.Computed), Show(sums.Computed - sums.Booked));

    private static string Show(Int128 sum) => new NanoUsd((long)Int128.Clamp(sum, -long.MaxValue, long.MaxValue)).ToString();

    private static void Say(TextWriter output, long count, string what)
    {
        if (count > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} of the attempts {what}"));
    }
}

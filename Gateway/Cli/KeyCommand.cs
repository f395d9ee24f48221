using System.CommandLine;
using System.Globalization;
using Gateway.Keys;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway key list|mint|rotate|revoke</c>: the keys that the gateway minted. A running gateway notices a change within a second.
/// </summary>
public static class KeyCommand
{
    /// <summary>What is to be done with the keys.</summary>
    internal enum Verb { List, Mint, Rotate, Revoke }

    public static Command Create(IReadOnlyDictionary<string, string> environment, TimeProvider time) =>
        new("key", "List, mint, rotate or revoke the keys that the gateway minted.")
        {
            CreateVerb(Verb.List, "list", "List minted keys: whose, since when. Never the keys themselves.", environment, time),
            CreateVerb(Verb.Mint, "mint", "Give a new user of the config a key, which is printed once, without a restart.", environment, time),
            CreateVerb(Verb.Rotate, "rotate", "Give a user a new key, which is printed once, and revoke the old.", environment, time),
            CreateVerb(Verb.Revoke, "revoke", "Take a user's key away, until it is rotated.", environment, time),
        };

    /// <summary>Does it and says so; errors are one line.</summary>
    /// <param name="user">Null for <see cref="Verb.List"/>.</param>
    /// <returns>The exit code: 0, or 1 when there was an error.</returns>
    internal static int Run(Verb verb, string databasePath, string? user, TimeProvider time, TextWriter output, TextWriter error)
    {
        try
        {
            using var store = new KeyStore(Database.OpenExisting(databasePath, readOnly: verb == Verb.List), time);
            return verb switch
            {
                Verb.List => List(store, output),
                Verb.Mint => Mint(store, user!, output, error),
                Verb.Rotate => Rotate(store, user!, output, error),
                Verb.Revoke => Revoke(store, user!, output, error),
                _ => throw new ArgumentOutOfRangeException(nameof(verb)),
            };
        }
        catch (StorageException e)
        {
            error.WriteLine(e.Message);
            return 1;
        }
        catch (SqliteException e)
        {
            error.WriteLine($"{databasePath}: {Database.Explain(e)}");
            return 1;
        }
    }

    private static Command CreateVerb(
        Verb verb, string name, string description, IReadOnlyDictionary<string, string> environment, TimeProvider time)
    {
        var command = new Command(name, description);
        var options = new DatabaseOptions();
        options.AddTo(command);
        Argument<string>? user = verb == Verb.List ? null : new("user") { Description = "The user_id of user_access.", HelpName = "USER" };
        if (user is not null)
            command.Add(user);
        command.SetAction(parsed => Run(
            verb,
            options.PathIn(parsed, environment),
            user is null ? null : parsed.GetRequiredValue(user),
            time,
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int List(KeyStore store, TextWriter output)
    {
        var table = new TextTable("user", "key", "created", "revoked");
        foreach (var key in store.List())
            table.Add(key.UserId, key.Hint, Show(key.CreatedAt), Show(key.RevokedAt));
        table.WriteTo(output);
        return 0;
    }

    private static int Mint(KeyStore store, string user, TextWriter output, TextWriter error)
    {
        if (store.MintFirst([user]) is [var (_, key)])
        {
            output.WriteLine(key);
            return 0;
        }
        error.WriteLine($"A key was minted for '{user}' before; `gateway key rotate {user}` replaces it.");
        return 1;
    }

    private static int Rotate(KeyStore store, string user, TextWriter output, TextWriter error)
    {
        if (store.Rotate(user) is not { } key)
            return RefuseUnknown(store, user, error);
        output.WriteLine(key);
        return 0;
    }

    private static int Revoke(KeyStore store, string user, TextWriter output, TextWriter error)
    {
        if (store.List().All(key => key.UserId != user))
            return RefuseUnknown(store, user, error);
        var revoked = store.Revoke(user);
        output.WriteLine(revoked > 0 ? $"The key of {user} is revoked." : $"{user} has no valid key; nothing changed.");
        return 0;
    }

    private static int RefuseUnknown(KeyStore store, string user, TextWriter error)
    {
        var users = string.Join(", ", store.List().Select(key => key.UserId).Distinct());
        var known = users.Length > 0 ? $"there are keys for {users}" : "there are no minted keys yet";
        error.WriteLine($"No key was minted for '{user}'; {known}."
            + " A key that stands in the config is changed there; a new user gets a key with `gateway key mint` or when the gateway starts.");
        return 1;
    }

    private static string Show(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) ?? "-";
}

using System.Security.Cryptography;
using System.Text;

namespace Gateway.Dialects.OpenAi;

/// <summary>
/// Who a request is for, as OpenAI takes it: <c>user</c> and <c>safety_identifier</c> have 64 characters at most, and more is a 400. Other
/// dialects' clients say more (Claude Code: 150 characters of JSON), and what is asked for is a name that stays the same: a hash is one.
/// </summary>
internal static class OpenAiEndUser
{
    /// <summary>https://platform.openai.com/docs/api-reference/chat/create, safety_identifier; as many as SHA-256 has hex digits.</summary>
    private const int MostChars = 64;

    /// <summary>The name itself, or its hash where it is too long. Null: none.</summary>
    public static string? Of(string? endUser) =>
        endUser is { Length: > MostChars } ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(endUser))) : endUser;
}

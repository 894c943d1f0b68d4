using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace BuildIt.RoomApi.Tokens;

/// <summary>One key of the fleets' API key Secret. The secret signs and verifies, and is never printed.</summary>
public sealed class ApiKey
{
    /// <summary>RFC 7518 section 3.2: a key for HS256 has at least 256 bits.</summary>
    public const int MinSecretLength = 32;

    public ApiKey(string name, string secret)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var bytes = Encoding.UTF8.GetBytes(secret);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, MinSecretLength, nameof(secret));
        Name = name;
        SecurityKey = new SymmetricSecurityKey(bytes);
    }

    /// <summary>The token's issuer.</summary>
    public string Name { get; }

    internal SymmetricSecurityKey SecurityKey { get; }

    public override string ToString() => $"ApiKey({Name})";
}

using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>
/// TURN servers with credentials that expire, made from a secret shared with the TURN server
/// (draft-uberti-behave-turn-rest-00): user name <c>expiry:id</c>, password base64 of its HMAC-SHA1. Thread-safe.
/// </summary>
public sealed class TurnServers(NodeSettings settings)
{
    /// <summary>Long enough for a day-long meeting to reconnect; the credential reveals nothing about its owner.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(4);

    /// <summary>Nothing without a TURN domain and a readable secret.</summary>
    public IReadOnlyList<ICEServer> For(string participantSid, DateTimeOffset now)
    {
        if (settings.TurnDomain is not { } domain || ReadSecret() is not { } secret)
        {
            return [];
        }

        var user = $"{(now + Lifetime).ToUnixTimeSeconds()}:{participantSid}";
        return
        [
            new ICEServer
            {
                Urls = { $"turns:{domain}:{settings.TurnTlsPort}?transport=tcp" },
                Username = user,
                Credential = Convert.ToBase64String(HMACSHA1.HashData(secret, Encoding.UTF8.GetBytes(user))),
            },
        ];
    }

    /// <summary>Read each time: a rotated Secret takes effect without a restart.</summary>
    private byte[]? ReadSecret()
    {
        try
        {
            return settings.TurnSecretFile is { } file ? Encoding.UTF8.GetBytes(File.ReadAllText(file).Trim()) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

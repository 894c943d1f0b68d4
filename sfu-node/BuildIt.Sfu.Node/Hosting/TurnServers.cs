using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>
/// TURN servers with credentials that expire, made from a secret shared with the TURN server
/// (draft-uberti-behave-turn-rest-00): user name <c>expiry:id</c>, password base64 of its HMAC-SHA1. Thread-safe.
/// </summary>
public sealed class TurnServers : IDisposable
{
    /// <summary>
    /// How long an allocation can be made and refreshed. Whoever joins or resumes gets new credentials, so it bounds one stretch
    /// behind TURN without a reconnection; the credential reveals nothing about its owner.
    /// </summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(4);

    /// <summary>How soon a rotated Secret takes effect.</summary>
    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(10);

    private readonly NodeSettings _settings;
    private readonly ITimer? _timer;
    private volatile byte[]? _secret;

    /// <summary>Reads the secret now, and again every few seconds: never while somebody joins, as that would hold up a media loop.</summary>
    public TurnServers(NodeSettings settings, TimeProvider time)
    {
        _settings = settings;
        if (settings.TurnSecretFile is { } file)
        {
            Read(file);
            _timer = time.CreateTimer(_ => Read(file), null, ReadAgain, ReadAgain);
        }
    }

    /// <summary>Nothing without a TURN domain and a secret that could be read.</summary>
    public IReadOnlyList<ICEServer> For(string participantSid, DateTimeOffset now)
    {
        if (_settings.TurnDomain is not { } domain || _secret is not { } secret)
        {
            return [];
        }

        var user = $"{(now + Lifetime).ToUnixTimeSeconds()}:{participantSid}";
        return
        [
            new ICEServer
            {
                Urls = { Urls(domain) },
                Username = user,
                Credential = Convert.ToBase64String(HMACSHA1.HashData(secret, Encoding.UTF8.GetBytes(user))),
            },
        ];
    }

    // RFC 7065 section 3. The client tries all of them and takes what gets through.
    private IEnumerable<string> Urls(string domain)
    {
        if (_settings.TurnPort > 0)
        {
            yield return $"turn:{domain}:{_settings.TurnPort}?transport=udp";
            yield return $"turn:{domain}:{_settings.TurnPort}?transport=tcp";
        }

        if (_settings.TurnTlsPort > 0)
        {
            yield return $"turns:{domain}:{_settings.TurnTlsPort}?transport=tcp";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    /// <summary>A file that cannot be read just now, as while a Secret is being replaced, leaves what was read before.</summary>
    private void Read(string file)
    {
        try
        {
            _secret = Encoding.UTF8.GetBytes(File.ReadAllText(file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The timer tries again.
        }
    }
}

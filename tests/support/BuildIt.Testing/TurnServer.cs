using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace BuildIt.Testing;

/// <summary>
/// A real coturn on loopback, over UDP, TCP and TLS, that takes credentials made of a shared secret (draft-uberti-behave-turn-rest-00).
/// It relays to loopback too, which one that is reachable from outside must not. Members may not be called at the same time.
/// </summary>
public sealed class TurnServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("buildit-turn-").FullName;
    private ChildProcess? _process;

    private TurnServer(IPAddress address, int? tlsPort)
    {
        Domain = address.ToString();

        // Both transports share the number, as usual.
        Port = FreePort.NextTcp();
        TlsPort = tlsPort ?? FreePort.NextTcp();
    }

    /// <summary>What the server shares with those who make credentials.</summary>
    public string Secret { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Where it is.</summary>
    public string Domain { get; }

    /// <summary>For UDP and TCP, the same for the life of this object.</summary>
    public int Port { get; }

    /// <summary>For TLS, the same for the life of this object.</summary>
    public int TlsPort { get; }

    /// <summary>A file with the secret, as nodes read it.</summary>
    public string SecretFile => Path.Combine(_folder, "secret");

    /// <summary>Starts a server, and returns when it listens.</summary>
    /// <param name="address">Where it listens; on loopback when left out.</param>
    /// <param name="tlsPort">Its port for TLS; a free one when left out.</param>
    /// <exception cref="InvalidOperationException">coturn is not installed, or did not start.</exception>
    public static async Task<TurnServer> StartNewAsync(IPAddress? address = null, int? tlsPort = null)
    {
        var server = new TurnServer(address ?? IPAddress.Loopback, tlsPort);
        try
        {
            await File.WriteAllTextAsync(server.SecretFile, server.Secret);
            await SelfSigned.WriteAsync(IPAddress.Parse(server.Domain), server.FileOf("certificate.pem"), server.FileOf("key.pem"));
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it after <see cref="KillAsync"/>, on the same ports.</summary>
    public async Task StartAsync()
    {
        var program = ProgramPath.Find("turnserver") ?? throw new InvalidOperationException("coturn is not installed: run 'make deps'.");
        _process = ChildProcess.Start(
            program,
            [
                "-n", "--no-cli", "--log-file=stdout", "--simple-log", "--verbose", "--pidfile", FileOf("pid"), "--userdb", FileOf("users"),
                $"--listening-ip={Domain}", $"--relay-ip={Domain}", "--allow-loopback-peers",
                $"--listening-port={Port}", $"--tls-listening-port={TlsPort}", "--cert", FileOf("certificate.pem"), "--pkey", FileOf("key.pem"),
                "--use-auth-secret", $"--static-auth-secret={Secret}", "--realm=tests", "--fingerprint",
            ],
            outputPath: FileOf("log"));
        using var patience = new CancellationTokenSource(StartTimeout);
        foreach (var port in (int[])[Port, TlsPort])
        {
            while (!await IsListeningAsync(port))
            {
                if (_process.HasExited || patience.IsCancellationRequested)
                {
                    throw new InvalidOperationException($"coturn does not listen on {Domain}:{port}.\n{_process.ReadOutput()}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    /// <summary>Ends it as a crash would: allocations are gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.KillAsync();
            await process.DisposeAsync();
        }
    }

    /// <summary>The user name and password that it accepts until a moment.</summary>
    public (string Username, string Credential) CredentialsUntil(DateTimeOffset expiry)
    {
        var user = string.Create(CultureInfo.InvariantCulture, $"{expiry.ToUnixTimeSeconds()}:somebody");
        return (user, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(user))));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string FileOf(string name) => Path.Combine(_folder, name);

    private async Task<bool> IsListeningAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(Domain, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

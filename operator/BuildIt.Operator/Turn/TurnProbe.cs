using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BuildIt.Operator.Turn;

/// <summary>Asks a TURN server whether it is there, by every way that clients are told of. Any thread.</summary>
internal sealed class TurnProbe(TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>When a request over UDP is sent again (RFC 8489 section 6.2.1).</summary>
    private static readonly TimeSpan[] Repeats = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    /// <summary>Asks.</summary>
    /// <returns>What did not answer and why, in words without addresses; null when everything did.</returns>
    public async Task<string?> FaultOfAsync(TurnTarget target, CancellationToken cancellation)
    {
        List<Task<string?>> ways = [TryAsync($"TLS on port {target.TlsPort}", limit => AskOverTlsAsync(target, limit), cancellation)];
        if (target.Port is { } port)
        {
            ways.Insert(0, TryAsync($"UDP on port {port}", limit => AskOverUdpAsync(target.Domain, port, limit), cancellation));
            ways.Insert(1, TryAsync($"TCP on port {port}", limit => AskOverTcpAsync(target.Domain, port, limit), cancellation));
        }

        var faults = (await Task.WhenAll(ways).ConfigureAwait(false)).OfType<string>().ToList();
        return faults.Count == 0 ? null : $"{target.Domain}: {string.Join("; ", faults)}";
    }

    private async Task<string?> TryAsync(FormattableString way, Func<CancellationToken, Task> ask, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var name = way.ToString(CultureInfo.InvariantCulture);
        try
        {
            await ask(either.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{name} does not answer";
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
                ? $"{name}: the name cannot be resolved"
                : $"{name}: {failure.SocketErrorCode}";
        }
        catch (AuthenticationException failure)
        {
            return $"{name}: {failure.Message}";
        }
        catch (InvalidDataException)
        {
            return $"{name} answers, but not as a TURN server does";
        }
        catch (IOException)
        {
            return $"{name} was closed without an answer";
        }
    }

    private async Task AskOverUdpAsync(string host, int port, CancellationToken limit)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, limit).ConfigureAwait(false);
        var address = addresses.FirstOrDefault(each => each.AddressFamily is AddressFamily.InterNetwork) ?? addresses.FirstOrDefault()
            ?? throw new SocketException((int)SocketError.HostNotFound);
        using var client = new UdpClient(address.AddressFamily);
        client.Connect(address, port);
        var (request, id) = BindingRequest();
        var heard = HearAsync();
        foreach (var pause in Repeats)
        {
            await client.SendAsync(request, limit).ConfigureAwait(false);
            if (await Task.WhenAny(heard, Task.Delay(pause, time, limit)).ConfigureAwait(false) == heard)
            {
                break;
            }
        }

        await heard.ConfigureAwait(false);

        async Task HearAsync()
        {
            while (!StunBinding.IsAnswer((await client.ReceiveAsync(limit).ConfigureAwait(false)).Buffer, id))
            {
            }
        }
    }

    private static async Task AskOverTcpAsync(string host, int port, CancellationToken limit)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, limit).ConfigureAwait(false);
        await AskAsync(client.GetStream(), limit).ConfigureAwait(false);
    }

    private async Task AskOverTlsAsync(TurnTarget target, CancellationToken limit)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(target.Domain, target.TlsPort, limit).ConfigureAwait(false);
        string? wrong = null;
        var stream = new SslStream(client.GetStream());
        await using (stream.ConfigureAwait(false))
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = target.Domain,
                RemoteCertificateValidationCallback = (_, certificate, _, errors) => (wrong = WrongWith(certificate, errors, target.Domain)) is null,
            };
            try
            {
                await stream.AuthenticateAsClientAsync(options, limit).ConfigureAwait(false);
            }
            catch (AuthenticationException) when (wrong is not null)
            {
                throw new AuthenticationException(wrong);
            }

            await AskAsync(stream, limit).ConfigureAwait(false);
        }
    }

    // Whose authority it is of is between the server and its clients, which may know more authorities than this process does.
    private string? WrongWith(X509Certificate? certificate, SslPolicyErrors errors, string domain)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return "it shows no certificate";
        }

        var now = time.GetUtcNow();
        return now > shown.NotAfter.ToUniversalTime() ? "its certificate has expired"
            : now < shown.NotBefore.ToUniversalTime() ? "its certificate is not valid yet"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"its certificate is not for {domain}"
            : null;
    }

    private static async Task AskAsync(Stream stream, CancellationToken limit)
    {
        var (request, id) = BindingRequest();
        await stream.WriteAsync(request, limit).ConfigureAwait(false);
        var answer = new byte[StunBinding.HeaderLength];
        await stream.ReadExactlyAsync(answer, limit).ConfigureAwait(false);
        if (!StunBinding.IsAnswer(answer, id))
        {
            throw new InvalidDataException("no answer to a Binding request");
        }
    }

    private static (byte[] Request, byte[] Id) BindingRequest()
    {
        var id = RandomNumberGenerator.GetBytes(StunBinding.IdLength);
        var request = new byte[StunBinding.HeaderLength];
        StunBinding.WriteRequest(request, id);
        return (request, id);
    }
}

using System.Net;
using System.Net.Sockets;
using BuildIt.Operator.Turn;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.Turn;

public sealed class TurnProbeTests
{
    private readonly TurnProbe _probe = new(TimeProvider.System);

    [Fact]
    public async Task A_real_server_answers_by_every_way_until_it_is_gone()
    {
        await using var server = await TurnServer.StartNewAsync();
        var target = new TurnTarget(server.Domain, server.Port, server.TlsPort);
        Assert.Null(await _probe.FaultOfAsync(target, CancellationToken.None));
        Assert.Null(await _probe.FaultOfAsync(target with { Port = null }, CancellationToken.None));

        await server.KillAsync();
        var fault = await _probe.FaultOfAsync(target, CancellationToken.None);
        Assert.Contains($"UDP on port {server.Port}: ConnectionRefused", fault, StringComparison.Ordinal);
        Assert.Contains($"TCP on port {server.Port}: ConnectionRefused", fault, StringComparison.Ordinal);
        Assert.Contains($"TLS on port {server.TlsPort}: ConnectionRefused", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_a_fault_though_the_server_answers()
    {
        await using var server = await TurnServer.StartNewAsync();
        var fault = await _probe.FaultOfAsync(new TurnTarget("localhost", server.Port, server.TlsPort), CancellationToken.None);
        Assert.Equal($"localhost: TLS on port {server.TlsPort}: its certificate is not for localhost", fault);
    }

    [Fact]
    public async Task What_is_no_TURN_server_is_told_apart()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var quiet = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
        using var stop = new CancellationTokenSource();
        var answering = AnswerAsync(other, stop.Token);

        var fault = await _probe.FaultOfAsync(new TurnTarget("127.0.0.1", port, port), CancellationToken.None);

        Assert.Contains($"UDP on port {port} does not answer", fault, StringComparison.Ordinal);
        Assert.Contains($"TCP on port {port} answers, but not as a TURN server does", fault, StringComparison.Ordinal);
        Assert.Contains($"TLS on port {port}: ", fault, StringComparison.Ordinal);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_said()
    {
        var fault = await _probe.FaultOfAsync(new TurnTarget("turn.invalid", 3478, 5349), CancellationToken.None);
        Assert.Equal(
            "turn.invalid: UDP on port 3478: the name cannot be resolved; TCP on port 3478: the name cannot be resolved; TLS on port 5349: the name cannot be resolved",
            fault);
    }

    private static async Task AnswerAsync(TcpListener listener, CancellationToken stop)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(stop);
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
            await client.GetStream().ReadAtLeastAsync(new byte[1024], 1, throwOnEndOfStream: false, stop);
        }
    }
}

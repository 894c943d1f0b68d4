using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Testing;

namespace BuildIt.Sfu.Node.Tests.Connections;

/// <summary>Whoever opens connections without end takes none of the descriptors that a node needs itself.</summary>
public sealed class DescriptorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(300)]
    [InlineData(700)]
    public async Task A_flood_of_connections_ends_nothing(int descriptors)
    {
        await using var node = await NodeProgram.StartAsync(null, descriptors);
        using var http = new HttpClient { Timeout = Patience };
        var flood = new List<Socket>();
        try
        {
            foreach (var port in (int[])[node.TcpPort, node.Signal.Port, node.TcpPort])
            {
                for (var i = 0; i < descriptors; i++)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    flood.Add(socket);

                    // Not waited for: what has no place waits in the kernel, and beyond what that keeps nobody answers.
                    socket.Blocking = false;
                    try
                    {
                        socket.Connect(IPAddress.Loopback, port);
                    }
                    catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                    {
                        // Under way.
                    }
                }
            }

            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"http://127.0.0.1:{node.HealthPort}/healthz")).StatusCode);
            Assert.False(node.Process.HasExited, node.Process.ReadOutput());
            var open = Directory.GetFileSystemEntries($"/proc/{node.Process.Id}/fd").Length;
            Assert.InRange(open, 1, descriptors - 10);
        }
        finally
        {
            flood.ForEach(socket => socket.Dispose());
        }

        // When it is over, clients are served as before.
        await Eventually.IsAsync(
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync(node.Signal);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            Patience,
            "the signal port answers");
        Assert.False(node.Process.HasExited, node.Process.ReadOutput());
    }
}

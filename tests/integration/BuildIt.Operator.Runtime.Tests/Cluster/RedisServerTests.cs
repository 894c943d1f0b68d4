using System.Net.Sockets;
using System.Text;
using BuildIt.Testing;

namespace BuildIt.Operator.Runtime.Tests.Cluster;

public sealed class RedisServerTests
{
    [Fact]
    public async Task IsEmptyAfterFlushingAndAfterARestartOnTheSamePort()
    {
        await using var redis = await RedisServer.StartNewAsync();

        Assert.Equal("+OK", await AskAsync(redis, "SET greeting hello"));
        Assert.Equal(":1", await AskAsync(redis, "EXISTS greeting"));
        await redis.FlushAllAsync();
        Assert.Equal(":0", await AskAsync(redis, "EXISTS greeting"));
        if (!redis.OwnsServer)
        {
            return;
        }

        Assert.Equal("+OK", await AskAsync(redis, "SET greeting hello"));
        var port = redis.Port;
        await redis.StopAsync();
        await Assert.ThrowsAnyAsync<SocketException>(() => AskAsync(redis, "PING"));
        await redis.StartAsync();

        Assert.Equal(port, redis.Port);
        Assert.Equal(":0", await AskAsync(redis, "EXISTS greeting"));
    }

    private static async Task<string?> AskAsync(RedisServer redis, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(redis.Host, redis.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{command}\r\n"));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        return await reader.ReadLineAsync();
    }
}

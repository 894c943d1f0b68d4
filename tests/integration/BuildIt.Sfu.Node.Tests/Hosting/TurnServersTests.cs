using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Node.Tests.Hosting;

public sealed class TurnServersTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Credentials_are_made_without_the_disk_and_follow_a_rotated_secret()
    {
        File.WriteAllText(_file, "first\n");
        using var turn = new TurnServers(new NodeSettings { TurnDomain = "turn.example.com", TurnSecretFile = _file }, _time);
        AssertSignedWith("first", turn);

        // Whatever happens to the file, joins are served from memory.
        File.Delete(_file);
        AssertSignedWith("first", turn);
        _time.Advance(TimeSpan.FromSeconds(10));
        AssertSignedWith("first", turn);

        File.WriteAllText(_file, "second");
        _time.Advance(TimeSpan.FromSeconds(10));
        AssertSignedWith("second", turn);
    }

    [Fact]
    public void Without_a_secret_there_is_no_turn_server_until_one_can_be_read()
    {
        File.Delete(_file);
        using var turn = new TurnServers(new NodeSettings { TurnDomain = "turn.example.com", TurnSecretFile = _file }, _time);
        Assert.Empty(turn.For("PA_1", _time.GetUtcNow()));
        File.WriteAllText(_file, "secret");
        _time.Advance(TimeSpan.FromSeconds(10));
        AssertSignedWith("secret", turn);
    }

    [Theory]
    [InlineData(0, 5349, "turns:turn.example.com:5349?transport=tcp")]
    [InlineData(3478, 443, "turn:turn.example.com:3478?transport=udp turn:turn.example.com:3478?transport=tcp turns:turn.example.com:443?transport=tcp")]
    [InlineData(3478, 0, "turn:turn.example.com:3478?transport=udp turn:turn.example.com:3478?transport=tcp")]
    public void Every_way_to_the_server_is_offered(int port, int tlsPort, string urls)
    {
        File.WriteAllText(_file, "secret");
        using var turn = new TurnServers(
            new NodeSettings { TurnDomain = "turn.example.com", TurnSecretFile = _file, TurnPort = port, TurnTlsPort = tlsPort }, _time);
        Assert.Equal(urls.Split(' '), Assert.Single(turn.For("PA_1", _time.GetUtcNow())).Urls);
    }

    public void Dispose() => File.Delete(_file);

    private void AssertSignedWith(string secret, TurnServers turn)
    {
        var server = Assert.Single(turn.For("PA_1", _time.GetUtcNow()));
        Assert.Equal(["turns:turn.example.com:5349?transport=tcp"], server.Urls);
        Assert.Equal(Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(server.Username))), server.Credential);
    }
}

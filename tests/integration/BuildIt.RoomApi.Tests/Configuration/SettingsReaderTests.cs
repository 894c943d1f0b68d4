using BuildIt.RoomApi.Configuration;

namespace BuildIt.RoomApi.Tests.Configuration;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("roomapi-settings-").FullName;
    private readonly Dictionary<string, string> _environment;

    public SettingsReaderTests()
    {
        var keys = Directory.CreateDirectory(Path.Combine(_folder, "keys")).FullName;
        File.WriteAllText(Path.Combine(keys, "first"), new string('a', 40) + "\n");
        File.WriteAllText(Path.Combine(keys, "second"), new string('b', 40));
        File.WriteAllText(Path.Combine(keys, ".hidden"), "x");
        File.WriteAllText(Path.Combine(_folder, "pepper"), new string('p', 32));
        _environment = new()
        {
            [RoomApiEnvironment.Namespace] = "media",
            [RoomApiEnvironment.PublicUrl] = "https://api.example.com/rooms/",
            [RoomApiEnvironment.PepperFile] = Path.Combine(_folder, "pepper"),
            [RoomApiEnvironment.ApiKeysDirectory] = keys,
            [RoomApiEnvironment.RedisAddresses] = "redis-0:6379, redis-1:6379",
        };
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_required_is_enough()
    {
        var (settings, faults) = Read();
        Assert.Empty(faults);
        Assert.Equal("https://api.example.com/rooms", settings.PublicUrl);
        Assert.Equal(["first", "second"], settings.ApiKeys.Select(key => key.Name));
        Assert.Equal("first", settings.SigningKey.Name);
        Assert.Equal(["redis-0:6379", "redis-1:6379"], settings.RedisAddresses);
        Assert.Equal(TimeSpan.FromHours(24), settings.RoomLifetime);
        Assert.Equal(TimeSpan.FromHours(1), settings.EndedRoomTtl);
        Assert.DoesNotContain(new string('p', 8), settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_missing_is_named_at_once()
    {
        _environment.Clear();
        var (_, faults) = Read();
        Assert.Equal(5, faults.Count);
        foreach (var name in (string[])[RoomApiEnvironment.Namespace, RoomApiEnvironment.PublicUrl, RoomApiEnvironment.PepperFile, RoomApiEnvironment.ApiKeysDirectory, RoomApiEnvironment.RedisAddresses])
        {
            Assert.Contains(faults, fault => fault.StartsWith(name, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(RoomApiEnvironment.Namespace, "Not A Name")]
    [InlineData(RoomApiEnvironment.PublicUrl, "api.example.com")]
    [InlineData(RoomApiEnvironment.PublicUrl, "https://api.example.com/?x=1")]
    [InlineData(RoomApiEnvironment.BindAddress, "localhost")]
    [InlineData(RoomApiEnvironment.Port, "0")]
    [InlineData(RoomApiEnvironment.Port, "65536")]
    [InlineData(RoomApiEnvironment.Port, "9090")]
    [InlineData(RoomApiEnvironment.PepperFile, "/does/not/exist")]
    [InlineData(RoomApiEnvironment.ApiKeysDirectory, "/does/not/exist")]
    [InlineData(RoomApiEnvironment.SigningKey, "third")]
    [InlineData(RoomApiEnvironment.RedisAddresses, "redis")]
    [InlineData(RoomApiEnvironment.RedisTls, "yes")]
    [InlineData(RoomApiEnvironment.TrustedProxies, "10.0.0.0/8,nonsense")]
    [InlineData(RoomApiEnvironment.CountryHeader, "X Country")]
    [InlineData(RoomApiEnvironment.GeoDatabase, "/does/not/exist")]
    [InlineData(RoomApiEnvironment.EndpointTemplate, "https://{host}")]
    [InlineData(RoomApiEnvironment.EndpointTemplate, "wss://fixed.example.com")]
    [InlineData(RoomApiEnvironment.DefaultEndpoint, "sfu.example.com")]
    [InlineData(RoomApiEnvironment.CorsOrigins, "app.example.com")]
    [InlineData(RoomApiEnvironment.ReadyDeadline, "61")]
    [InlineData(RoomApiEnvironment.RoomLifetime, "1h")]
    [InlineData(RoomApiEnvironment.MaxRoomLifetime, "60")]
    [InlineData(RoomApiEnvironment.EndedRoomTtl, "never")]
    [InlineData(RoomApiEnvironment.KeyLimit, "-1")]
    public void A_wrong_value_is_one_fault_that_names_it(string name, string value)
    {
        _environment[name] = value;
        var (_, faults) = Read();
        Assert.Contains(name, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_that_are_too_short_are_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "keys", "first"), "secret");
        File.WriteAllText(Path.Combine(_folder, "pepper"), "salt");
        var (_, faults) = Read();
        Assert.Equal(2, faults.Count);
        Assert.Contains(faults, fault => fault.Contains("'first'", StringComparison.Ordinal));
    }

    private (RoomApiSettings Settings, IReadOnlyList<string> Faults) Read()
    {
        var reader = new SettingsReader(name => _environment.GetValueOrDefault(name));
        Assert.Equal(reader.TryRead(out var settings), reader.Faults.Count == 0);
        return (settings!, reader.Faults);
    }
}

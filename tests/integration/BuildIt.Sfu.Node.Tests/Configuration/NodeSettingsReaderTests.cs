using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;

namespace BuildIt.Sfu.Node.Tests.Configuration;

public class NodeSettingsReaderTests
{
    [Fact]
    public void Development_needs_nothing()
    {
        var reader = new NodeSettingsReader(_ => null);
        var settings = reader.Read(development: true);
        Assert.Empty(reader.Faults);
        Assert.Equal("secret", settings.ApiKeys["devkey"]);
        Assert.Equal(7880, settings.SignalPort);
    }

    [Theory]
    [InlineData("", RoomPartMode.Auto)]
    [InlineData("Auto", RoomPartMode.Auto)]
    [InlineData("Never", RoomPartMode.Never)]
    [InlineData("Spread", RoomPartMode.Spread)]
    public void A_room_has_parts_as_is_said(string said, RoomPartMode mode)
    {
        var reader = Reader(new() { [NodeVariables.RoomParts] = said });
        Assert.Equal(mode, reader.Read(development: true).RoomParts);
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public void Without_keys_a_node_does_not_start()
    {
        var reader = new NodeSettingsReader(_ => null);
        reader.Read(development: false);
        Assert.Contains("API keys", Assert.Single(reader.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_fault_is_named()
    {
        var reader = Reader(new()
        {
            [NodeEnvironment.SignalPort] = "70000",
            [NodeEnvironment.MaxRooms] = "-1",
            [NodeEnvironment.RedisTls] = "maybe",
            [NodeEnvironment.Advertise] = "Guess",
            [NodeEnvironment.AdvertiseAddress] = "example.org",
            [NodeEnvironment.PodIp] = "x",
            [NodeEnvironment.SyntheticLoad] = "{",
            [NodeEnvironment.ApiKeysDirectory] = "/does/not/exist",
            [NodeVariables.ApiKeys] = "justakey",
            [NodeVariables.WebhookUrls] = "ftp://x",
            [NodeEnvironment.RoomApi] = "room-api:9090",
            [NodeVariables.WebhookKey] = "unknown",
            [NodeVariables.RoomParts] = "Sometimes",
        });
        reader.Read(development: false);
        Assert.Equal(13, reader.Faults.Count);
        Assert.All(reader.Faults, fault => Assert.StartsWith("BUILDIT_", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_are_read_from_text_and_files()
    {
        var directory = Directory.CreateTempSubdirectory("keys").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "fromfile"), "filesecret\n");
            File.WriteAllText(Path.Combine(directory, "..data"), "hidden");
            var reader = Reader(new() { [NodeVariables.ApiKeys] = "a: b, c: d", [NodeEnvironment.ApiKeysDirectory] = directory });
            var settings = reader.Read(development: false);
            Assert.Empty(reader.Faults);
            Assert.Equal(new Dictionary<string, string> { ["a"] = "b", ["c"] = "d", ["fromfile"] = "filesecret" }, settings.ApiKeys);
            Assert.DoesNotContain("filesecret", settings.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Synthetic_load_and_capacity_are_read()
    {
        var reader = Reader(new()
        {
            [NodeVariables.ApiKeys] = "a: b",
            [NodeEnvironment.SyntheticLoad] = """{"publishers":40}""",
            [NodeEnvironment.MaxPublishers] = "80",
            [NodeEnvironment.MediaTcpPort] = "0",
        });
        var settings = reader.Read(development: false);
        Assert.Equal(40, settings.SyntheticLoad!.Publishers);
        Assert.Equal(80, settings.Capacity.MaxPublishers);
        Assert.Equal(-1, settings.MediaTcpPort);
    }

    private static NodeSettingsReader Reader(Dictionary<string, string> variables) => new(variables.GetValueOrDefault);
}

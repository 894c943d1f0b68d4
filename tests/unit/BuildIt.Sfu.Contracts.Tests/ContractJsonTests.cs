using System.Text;

namespace BuildIt.Sfu.Contracts.Tests;

public sealed class ContractJsonTests
{
    [Fact]
    public void Heartbeat_survives_the_round_trip()
    {
        var bytes = ContractJson.Write(Samples.Heartbeat(), ContractJson.Default.Heartbeat);

        Assert.True(ContractJson.TryRead(bytes, ContractJson.Default.Heartbeat, out var read));
        Assert.Equivalent(Samples.Heartbeat(), read, strict: true);
    }

    [Fact]
    public void Route_survives_the_round_trip()
    {
        var bytes = ContractJson.Write(Samples.Route(), ContractJson.Default.RoomRoute);

        Assert.True(ContractJson.TryRead(bytes, ContractJson.Default.RoomRoute, out var read));
        Assert.Equivalent(Samples.Route(), read, strict: true);
    }

    [Fact]
    public void Orders_survive_the_round_trip()
    {
        var bytes = ContractJson.Write(Samples.Orders(), ContractJson.Default.LinkOrders);

        Assert.True(ContractJson.TryRead(bytes, ContractJson.Default.LinkOrders, out var read));
        Assert.Equivalent(Samples.Orders(), read, strict: true);
    }

    [Fact]
    public void Health_has_the_fields_of_the_plan()
    {
        var health = new NodeHealth
        {
            Status = NodeHealthStatus.Degraded,
            Load = 0.5,
            ActiveRooms = 1,
            ActiveParticipants = 2,
            CpuUsage = 0.25,
            MemoryUsage = 0.125,
            NetworkIn = 3,
            NetworkOut = 4,
        };

        var text = Encoding.UTF8.GetString(ContractJson.Write(health, ContractJson.Default.NodeHealth));

        Assert.Equal(
            """{"status":"degraded","load":0.5,"activeRooms":1,"activeParticipants":2,"cpuUsage":0.25,"memoryUsage":0.125,"networkIn":3,"networkOut":4}""",
            text);
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    [InlineData("\"NaN\"")]
    [InlineData("null")]
    public void What_is_no_number_is_refused(string load) => Assert.False(ContractJson.TryRead(
        Encoding.UTF8.GetBytes($$"""{"status":"healthy","load":{{load}},"activeRooms":1,"activeParticipants":2,"cpuUsage":0.1,"memoryUsage":0.2,"networkIn":1,"networkOut":2}"""),
        ContractJson.Default.NodeHealth,
        out _));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"room\":\"r\",\"node\":\"n\",\"generation\":1}")]
    [InlineData("{\"room\":\"\",\"node\":\"n\",\"generation\":1,\"endpoint\":\"e\"}")]
    [InlineData("{\"room\":7,\"node\":\"n\",\"generation\":1,\"endpoint\":\"e\"}")]
    [InlineData("{\"room\":\"r\",\"node\":\"n\",\"generation\":1e40,\"endpoint\":\"e\"}")]
    [InlineData("{\"room\":\"r\",\"node\":\"n\",\"generation\":1,\"endpoint\":null}")]
    [InlineData("{\"room\":\"r\",\"node\":\"n\",\"generation\":1,\"endpoint\":\"e\",\"seats\":[null]}")]
    [InlineData("{\"room\":\"r\",\"node\":\"n\",\"generation\":1,\"endpoint\":\"e\",\"state\":\"Odd\"}")]
    public void What_is_no_route_is_refused(string text)
    {
        Assert.False(ContractJson.TryRead(Encoding.UTF8.GetBytes(text), ContractJson.Default.RoomRoute, out var route));
        Assert.Null(route);
    }

    [Fact]
    public void Identifiers_are_bounded()
    {
        var text = $$"""{"room":"{{new string('r', RoomId.MaxLength + 1)}}","node":"n","generation":1,"endpoint":"e"}""";

        Assert.False(ContractJson.TryRead(Encoding.UTF8.GetBytes(text), ContractJson.Default.RoomRoute, out _));
    }

    [Fact]
    public void More_than_the_limit_is_refused_unread()
    {
        var bytes = Encoding.UTF8.GetBytes(new string(' ', ContractJson.MaxBytes) + "null");

        Assert.False(ContractJson.TryRead(bytes, ContractJson.Default.RoomRoute, out _));
    }

    [Fact]
    public void No_damaged_heartbeat_throws()
    {
        var good = ContractJson.Write(Samples.Heartbeat(), ContractJson.Default.Heartbeat);
        var random = new Random(20260101);
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var length = random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length;
            if (ContractJson.TryRead(bytes.AsSpan(0, length), ContractJson.Default.Heartbeat, out var read))
            {
                Assert.False(read.Node.IsEmpty);
                Assert.NotNull(read.Load);
            }
        }
    }

    [Fact]
    public void What_an_older_release_leaves_out_takes_its_default()
    {
        const string Text = """{"room":"r","node":"n","generation":1,"endpoint":"e","limits":{"locked":true}}""";

        Assert.True(ContractJson.TryRead(Encoding.UTF8.GetBytes(Text), ContractJson.Default.RoomRoute, out var route));
        Assert.Empty(route.Seats);
        Assert.Equal(string.Empty, route.Sid);
        Assert.Equal(0, route.Revision);
        Assert.Equal(string.Empty, route.Region);
        Assert.Equal(new RoomLimits(Locked: true), route.Limits);
        Assert.Equal(100, route.Limits.MaxParticipants);
    }

    [Fact]
    public void Unknown_fields_of_a_newer_release_are_ignored()
    {
        const string Text = """{"room":"r","node":"n","generation":1,"endpoint":"e","colour":"blue"}""";

        Assert.True(ContractJson.TryRead(Encoding.UTF8.GetBytes(Text), ContractJson.Default.RoomRoute, out _));
    }

    [Fact]
    public void An_older_release_reads_a_route_with_seats_as_one_of_its_origin()
    {
        // The fields that a release without seats demands, with the meaning they had.
        using var json = System.Text.Json.JsonDocument.Parse(ContractJson.Write(Samples.Route(), ContractJson.Default.RoomRoute));
        var root = json.RootElement;

        Assert.Equal("r1", root.GetProperty("room").GetString());
        Assert.Equal("a", root.GetProperty("node").GetString());
        Assert.Equal(4, root.GetProperty("generation").GetInt64());
        Assert.Equal("http://10.0.0.5:7880", root.GetProperty("endpoint").GetString());
        Assert.False(root.TryGetProperty("edges", out _));
    }

    [Fact]
    public void A_heartbeat_of_an_older_release_has_no_links_and_all_arrived_where_they_are()
    {
        const string Text = """
            {"node":"n","namespace":"calls","cluster":"east","region":"us","revision":"7f","state":"Serving","load":{},"capacity":{},
             "endpoints":{"signal":"http://n:1","control":"https://n:2"},"startedAt":"2026-01-01T00:00:00Z","sequence":1,
             "rooms":[{"room":"r","generation":1,"participants":4}]}
            """;

        Assert.True(ContractJson.TryRead(Encoding.UTF8.GetBytes(Text), ContractJson.Default.Heartbeat, out var heartbeat));
        Assert.Empty(heartbeat.Links);
        Assert.Null(heartbeat.Endpoints.Relay);
        Assert.Empty(heartbeat.Rooms[0].Arrivals);
        Assert.Empty(heartbeat.Rooms[0].Relays);
        Assert.Null(heartbeat.Rooms[0].ParentConnected);
    }

    [Fact]
    public void Lists_are_bounded()
    {
        var links = Samples.Heartbeat() with { Links = [.. Enumerable.Repeat(Samples.Link(), LinkReport.MaxLinks + 1)] };
        var orders = new LinkOrders { Links = [.. Enumerable.Repeat(Samples.Orders().Links[0], LinkOrders.MaxOrders + 1)] };
        var arrivals = Samples.Heartbeat() with
        {
            Rooms = [new RoomReport
            {
                Room = new RoomId("r"),
                Generation = 1,
                Arrivals = [.. Enumerable.Repeat(new RegionArrivals { Region = "eu", Participants = 1 }, RoomReport.MaxArrivals + 1)],
            }],
        };

        var relays = Samples.Heartbeat() with
        {
            Rooms = [new RoomReport
            {
                Room = new RoomId("r"),
                Generation = 1,
                Relays = [.. Enumerable.Repeat(new RelayedBytes { Cluster = "eu", SentBytes = 1 }, RoomReport.MaxRelays + 1)],
            }],
        };

        Assert.False(ContractJson.TryRead(ContractJson.Write(relays, ContractJson.Default.Heartbeat), ContractJson.Default.Heartbeat, out _));
        Assert.False(ContractJson.TryRead(ContractJson.Write(links, ContractJson.Default.Heartbeat), ContractJson.Default.Heartbeat, out _));
        Assert.False(ContractJson.TryRead(ContractJson.Write(arrivals, ContractJson.Default.Heartbeat), ContractJson.Default.Heartbeat, out _));
        Assert.False(ContractJson.TryRead(ContractJson.Write(orders, ContractJson.Default.LinkOrders), ContractJson.Default.LinkOrders, out _));
    }
}

namespace BuildIt.Sfu.Contracts.Tests;

public sealed class HeartbeatTests
{
    [Fact]
    public void A_higher_sequence_of_the_same_start_is_newer()
    {
        var one = Samples.Heartbeat();

        Assert.True((one with { Sequence = one.Sequence + 1 }).IsNewerThan(one));
        Assert.False(one.IsNewerThan(one));
    }

    [Fact]
    public void Another_process_is_newer_whatever_its_clock_says_and_its_sequence()
    {
        var one = Samples.Heartbeat();
        var restarted = one with { Boot = "another", StartedAt = one.StartedAt.AddHours(-1), Sequence = 1 };

        Assert.True(restarted.IsNewerThan(one));
    }

    [Fact]
    public void The_start_stands_for_a_boot_that_a_node_does_not_give_or_gives_too_long()
    {
        var one = Samples.Heartbeat();
        var start = one.StartedAt.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(start, one.Boot);
        Assert.Equal(start, (one with { Boot = new string('b', Heartbeat.MaxBootLength + 1) }).Boot);
        Assert.Equal("b", (one with { Boot = "b" }).Boot);
    }

    [Fact]
    public void Fractions_are_of_capacity()
    {
        var load = new NodeLoad { Publishers = 25, Subscribers = 50, Rooms = 1, IngressBitsPerSecond = 250, EgressBitsPerSecond = 3_000, Cpu = 0.1 };
        var capacity = new NodeCapacity { IngressBitsPerSecond = 1_000, EgressBitsPerSecond = 2_000 };

        Assert.Equal(new LoadFractions(0.5, 0.25, 0.1, 0.25, 1.5, 0.1), LoadFractions.Of(load, capacity));
        Assert.Equal(1.5, LoadFractions.Of(load, capacity).Highest);
    }

    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(10, 0, 0)]
    [InlineData(10, -3, 0)]
    [InlineData(10, 30, 3)]
    public void A_limit_of_zero_does_not_limit(int maxRooms, int rooms, double expected)
    {
        var fractions = LoadFractions.Of(new NodeLoad { Rooms = rooms }, new NodeCapacity { MaxRooms = maxRooms });

        Assert.Equal(expected, fractions.Rooms);
    }

    [Fact]
    public void A_processor_figure_that_is_no_number_counts_as_idle()
    {
        Assert.Equal(0, LoadFractions.Of(new NodeLoad { Cpu = double.NaN }, NodeCapacity.Default).Cpu);
    }
}

using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Tests.Ice;

public sealed class IceAgentTests
{
    private static readonly IceAgentOptions LiteServer = new();
    private static readonly IceAgentOptions FullServer = new() { Lite = false };
    private static readonly IceAgentOptions Client = new() { Lite = false, Controlling = true };

    public static TheoryData<bool, double, int> Networks()
    {
        var data = new TheoryData<bool, double, int>();
        foreach (var lite in (bool[])[true, false])
        {
            for (var seed = 0; seed < 20; seed++)
            {
                data.Add(lite, seed % 5 * 0.1, seed);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_client_and_a_server_find_each_other_however_bad_the_network(bool lite, double loss, int seed)
    {
        var network = new VirtualNetwork(seed, loss);
        var (server, client) = Introduce(network, lite);

        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(12)));
        Assert.Equal(client.Address, server.Agent.SelectedRemote);
        Assert.Equal(server.Address, client.Agent.SelectedRemote);
        Assert.True(client.Agent.IsControlling);
        Assert.False(server.Agent.IsControlling);

        network.Loss = 0.05;
        network.Run(TimeSpan.FromMinutes(3));
        Assert.True(BothConnected(server, client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_clean_network_connects_within_a_few_round_trips(bool lite)
    {
        var network = new VirtualNetwork(7);
        var start = network.Now;
        var (server, client) = Introduce(network, lite);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        Assert.True(network.Now - start < TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public void A_lite_agent_sends_nothing_before_it_is_asked()
    {
        var network = new VirtualNetwork(1);
        var server = network.Add(LiteServer, 1);
        var client = network.Add(Client, 2);
        server.Meet(client, withCandidate: true);
        network.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(0, server.Sent);
        Assert.Equal(0, server.OpenPaths);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    [InlineData(false, 4)]
    public void Two_agents_of_the_same_role_settle_on_different_ones(bool bothControlling, int seed)
    {
        var network = new VirtualNetwork(seed);
        var options = new IceAgentOptions { Lite = false, Controlling = bothControlling };
        var (a, b) = (network.Add(options, 1), network.Add(options, 2));
        a.Meet(b, withCandidate: true);
        b.Meet(a, withCandidate: true);
        Assert.True(network.RunUntil(() => BothConnected(a, b), TimeSpan.FromSeconds(10)));
        network.Run(TimeSpan.FromSeconds(10));
        Assert.NotEqual(a.Agent.IsControlling, b.Agent.IsControlling);
        Assert.True(BothConnected(a, b));
    }

    [Fact]
    public void A_lite_server_makes_a_confused_client_take_control()
    {
        var network = new VirtualNetwork(5);
        var server = network.Add(LiteServer, 1);
        var client = network.Add(FullServer, 2);
        server.Meet(client, withCandidate: false);
        client.Meet(server, withCandidate: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(10)));
        Assert.True(client.Agent.IsControlling);
    }

    [Fact]
    public void Checks_with_a_wrong_password_are_not_answered_and_cost_nothing()
    {
        var network = new VirtualNetwork(1);
        var server = network.Add(LiteServer, 1);
        var client = network.Add(Client, 2);
        server.Meet(client, withCandidate: false);
        client.Agent.SetRemote(new IceCredentials(server.Agent.Local.Ufrag, "a-password-that-was-guessed"), network.Now);
        client.Agent.AddRemoteCandidate(server.Address, 1);
        Assert.False(network.RunUntil(() => server.Sent > 0 || server.OpenPaths > 0, TimeSpan.FromSeconds(60)));
        Assert.True(server.Received > 3);
        Assert.Equal(IceState.Failed, client.Agent.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_moves_is_followed(bool lite)
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));

        client.Address = VirtualAgent.Elsewhere(1);
        Assert.True(network.RunUntil(() => server.Agent.SelectedRemote == client.Address, TimeSpan.FromSeconds(8)));
        Assert.Equal(IceState.Connected, server.Agent.State);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_client_that_moves_is_followed_at_once_when_it_sends_data_from_there(bool lite, bool clientControls)
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite, clientControls);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        var old = client.Address;
        Sends(old, 1);

        client.Address = VirtualAgent.Elsewhere(1);
        var moved = network.Now;
        while (server.Agent.SelectedRemote != client.Address && network.Now - moved < TimeSpan.FromSeconds(8))
        {
            // Data from an address that has not proved itself does not come so far.
            if (server.Agent.IsAuthenticated(client.Address))
            {
                server.Agent.NoteReceived(client.Address, network.Now);
            }

            network.Run(TimeSpan.FromMilliseconds(20));
        }

        // One interval of the client's checks and a round trip.
        Assert.InRange(network.Now - moved, TimeSpan.Zero, TimeSpan.FromSeconds(2.7));

        // What was still under way from the old address changes nothing.
        server.Agent.NoteReceived(old, network.Now);
        Assert.Equal(client.Address, server.Agent.SelectedRemote);

        void Sends(TransportAddress from, double seconds)
        {
            for (var i = 0; i < seconds * 50; i++)
            {
                server.Agent.NoteReceived(from, network.Now);
                network.Run(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    [Fact]
    public void Silence_disconnects_after_ten_seconds_and_fails_five_later()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        network.Run(TimeSpan.FromSeconds(5));

        network.Blocks = static (_, _) => true;
        network.Run(TimeSpan.FromMilliseconds(100));
        var start = network.Now;
        Assert.True(network.RunUntil(() => server.Agent.State == IceState.Disconnected, TimeSpan.FromSeconds(10.1)));
        Assert.True(network.Now - start > TimeSpan.FromSeconds(7));
        network.Blocks = static (_, _) => false;
        Assert.True(network.RunUntil(() => server.Agent.State == IceState.Connected, TimeSpan.FromSeconds(3)));

        network.Blocks = static (_, _) => true;
        Assert.True(network.RunUntil(() => server.Agent.State == IceState.Failed, TimeSpan.FromSeconds(15.1)));
    }

    [Fact]
    public void A_full_agent_stops_without_consent_even_if_data_keeps_coming()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: false);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        network.Blocks = (from, _) => from == client.Address;
        for (var second = 0; second < 29 && server.Agent.State == IceState.Connected; second++)
        {
            network.Run(TimeSpan.FromSeconds(1));
            server.Agent.NoteReceived(network.Now);
        }

        Assert.Equal(IceState.Connected, server.Agent.State);
        for (var second = 0; second < 5; second++)
        {
            server.Agent.NoteReceived(network.Now);
            network.Run(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(IceState.Failed, server.Agent.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_restart_changes_the_path_without_a_gap(bool lite)
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));

        var old = server.Agent.Local;
        server.Agent.Restart(IceCredentials.Generate(server), network.Now);
        Assert.NotEqual(old, server.Agent.Local);

        // The client has not heard of it yet: its checks with the old credentials still count.
        network.Run(TimeSpan.FromSeconds(12));
        Assert.True(BothConnected(server, client));

        client.Address = VirtualAgent.Elsewhere(2);
        client.Agent.Restart(IceCredentials.Generate(client), network.Now);
        server.Agent.SetRemote(client.Agent.Local, network.Now);
        client.Meet(server, withCandidate: true);
        Assert.True(network.RunUntil(() => server.Agent.SelectedRemote == client.Address, TimeSpan.FromSeconds(3)));
        network.Run(TimeSpan.FromSeconds(30));
        Assert.True(BothConnected(server, client));
        Assert.Equal(1, server.OpenPaths);
    }

    [Fact]
    public void A_failed_agent_comes_back_by_a_restart()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        network.Blocks = static (_, _) => true;
        Assert.True(network.RunUntil(() => server.Agent.State == IceState.Failed, TimeSpan.FromSeconds(20)));

        network.Blocks = static (_, _) => false;
        server.Agent.Restart(IceCredentials.Generate(server), network.Now);
        client.Agent.Restart(IceCredentials.Generate(client), network.Now);
        server.Meet(client, withCandidate: false);
        client.Meet(server, withCandidate: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Addresses_are_bounded_however_many_a_client_uses()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        for (var host = 0; host < 500; host++)
        {
            server.Receive(Check(client, server), VirtualAgent.Elsewhere(host));
            Assert.True(server.OpenPaths <= IceAgent.MaxPairs);
        }

        Assert.Equal(IceState.Connected, server.Agent.State);
        Assert.Equal(client.Address, server.Agent.SelectedRemote);
    }

    [Fact]
    public void A_lost_connection_gives_way_to_the_next_valid_path()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: true);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        var other = VirtualAgent.Elsewhere(9);
        server.Receive(Check(client, server), other);
        server.Agent.HandlePathLost(client.Address);
        Assert.Equal(other, server.Agent.SelectedRemote);
        server.Agent.HandlePathLost(other);
        Assert.Equal(PathId.None, server.Agent.SelectedPath);
        Assert.Equal(0, server.OpenPaths);
    }

    [Fact]
    public void A_check_from_an_address_that_answers_none_of_ours_neither_takes_it_nor_has_anything_sent_there()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: false);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        Assert.Equal([client.Address], server.Taken);

        // The source of a datagram is whatever its sender wrote.
        var victim = VirtualAgent.Elsewhere(9);
        server.Receive(Check(client, server), victim);
        network.Run(TimeSpan.FromSeconds(1));
        Assert.Equal([client.Address], server.Taken);

        server.Agent.HandlePathLost(client.Address);
        Assert.Equal(PathId.None, server.Agent.SelectedPath);
    }

    [Fact]
    public void Each_answer_to_a_check_of_ours_proves_the_address_again()
    {
        var network = new VirtualNetwork(3);
        var (server, client) = Introduce(network, lite: false);
        Assert.True(network.RunUntil(() => BothConnected(server, client), TimeSpan.FromSeconds(5)));
        server.Taken.Clear();
        network.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([client.Address], server.Taken);
    }

    private static byte[] Check(VirtualAgent from, VirtualAgent to)
    {
        Span<byte> buffer = stackalloc byte[548];
        var writer = new StunWriter(buffer, StunClass.Request, "transaction!"u8);
        writer.WriteUsername(to.Agent.Local.UfragBytes, from.Agent.Local.UfragBytes);
        writer.WriteRole(controlling: true, 1);
        writer.WritePriority(1);
        return buffer[..writer.Finish(to.Agent.Local.PasswordBytes)].ToArray();
    }

    private static (VirtualAgent Server, VirtualAgent Client) Introduce(VirtualNetwork network, bool lite, bool clientControls = true)
    {
        var server = network.Add((lite ? LiteServer : FullServer) with { Controlling = !clientControls }, 1);
        var client = network.Add(Client with { Controlling = clientControls }, 2);
        server.Meet(client, withCandidate: false);
        client.Meet(server, withCandidate: true);
        return (server, client);
    }

    private static bool BothConnected(VirtualAgent a, VirtualAgent b) =>
        a.Agent.State == IceState.Connected && b.Agent.State == IceState.Connected;
}

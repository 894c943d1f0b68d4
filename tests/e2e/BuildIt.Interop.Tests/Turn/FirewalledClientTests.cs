using System.Net;
using BuildIt.Interop.Tests.Node;
using BuildIt.Testing;
using BuildIt.Testing.Network;

namespace BuildIt.Interop.Tests.Turn;

/// <summary>A client in a network from which only TCP to port 443 leaves.</summary>
public sealed class FirewalledClientTests
{
    private const int Https = 443;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task One_who_gets_out_to_port_443_alone_is_in_a_call()
    {
        await using var network = await Firewalled.CreateAsync();
        await using var turn = await TurnServer.StartNewAsync(Firewalled.AddressOf(2), Https);
        await using var node = await SfuNode.StartAsync(TurnFixture.Environment(turn));
        await using var pages = await PageServer.StartAsync();

        // What an ingress does for the page and for signalling.
        await using var web = new TcpRelay(new IPEndPoint(IPAddress.Loopback, new Uri(pages.Url).Port), new IPEndPoint(Firewalled.AddressOf(0), Https));
        await using var signal = new TcpRelay(new IPEndPoint(IPAddress.Loopback, new Uri(node.HttpUrl).Port), new IPEndPoint(Firewalled.AddressOf(1), Https));
        var (port, bringing) = await network.BringAsync(0);
        await using var brought = bringing;
        await using var inside = await ChromiumBrowser.StartInAsync(network, "--ignore-certificate-errors");
        await using var outside = await ChromiumBrowser.StartAsync();

        var bob = await BrowserParticipant.OpenAsync(outside, pages.Url, "bob");
        await bob.JoinAsync(new JoinOptions { Url = node.WebSocketUrl, Token = SfuNode.Token("room", "bob"), E2eeKey = "open sesame" });
        var alice = await BrowserParticipant.OpenAsync(inside, $"http://127.0.0.1:{port}", "alice");
        await alice.JoinAsync(new JoinOptions { Url = $"ws://{Firewalled.AddressOf(1)}:{Https}", Token = SfuNode.Token("room", "alice"), E2eeKey = "open sesame" });
        await alice.PublishAsync(width: 320, height: 180);
        await bob.PublishAsync(width: 320, height: 180);

        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }
}

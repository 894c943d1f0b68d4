using System.Security.Cryptography;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Nostr;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>Somebody whose firewall lets only TLS out is in a call through the coturn of the chart.</summary>
[Collection(FleetCollection.Name)]
public sealed class RelayedCallTests(Installations installations)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task OneWhoReachesNothingButTheTurnServerIsInACall()
    {
        var fleet = await installations.ConferencesAsync();
        var host = new NostrSigner();
        var room = (await fleet.Api.CreateAsync(host, "relayed")).RoomId;
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await using var chromium = await ChromiumBrowser.StartAsync("--ignore-certificate-errors");
        var alice = await JoinAsync(new NostrSigner(), TurnOnly.Script("tls"));
        var bob = await JoinAsync(host, null);

        await alice.PublishAsync(width: 320, height: 180);
        await bob.PublishAsync(width: 320, height: 180);
        await alice.SeesAndHearsAsync([bob.Identity], Patience);
        await bob.SeesAndHearsAsync([alice.Identity], Patience);

        var ways = await alice.WaysAsync();
        Assert.NotEmpty(ways);
        Assert.All(ways, way => Assert.Equal("tls", way));

        async Task<BrowserParticipant> JoinAsync(NostrSigner key, string? script)
        {
            var access = await fleet.Api.JoinAsync(key, room);
            var participant = await BrowserParticipant.OpenAsync(chromium, fleet.Pages.Url, access.ParticipantId, script);
            await participant.JoinAsync(new JoinOptions { Url = access.SfuEndpoint, Token = access.JoinToken, E2eeSecret = secret, Simulcast = false });
            return participant;
        }
    }
}

using System.Globalization;
using System.Text;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>What a member of a room with a valid token can do to harm the others, by name. Each goes on until it is cancelled.</summary>
internal static class Floods
{
    /// <summary>
    /// What each flood is, and the limit that holds it back, as the node's metrics name it; of several, the beginning of their names
    /// (how long an offer takes depends on the machine).
    /// </summary>
    public static readonly IReadOnlyDictionary<string, (string Limit, Func<HeadlessParticipant, Bystanders, CancellationToken, Task> Run)> All =
        new Dictionary<string, (string, Func<HeadlessParticipant, Bystanders, CancellationToken, Task>)>
        {
            ["tracks"] = ("tracks", Tracks),
            ["data tracks"] = ("tracks", DataTracks),
            ["subscriptions to nothing"] = ("subscriptions", UnknownSubscriptions),
            ["subscribing and leaving"] = ("signal_rate", Resubscribing),
            ["changing qualities"] = ("key_frames", ChangingQualities),
            ["muting and unmuting"] = ("news", Muting),
            ["metadata"] = ("metadata", Metadata),
            ["attributes"] = ("metadata", Attributes),
            ["pings"] = ("signal_rate", Pings),
            ["candidates"] = ("signal_rate", Candidates),
            ["large offers"] = ("signal_", LargeOffers),
            ["restarts"] = ("signal_rate", Restarts),
            ["reliable data"] = ("data_held", (client, _, cancel) => DataAsync(client, reliable: true, 60_000, cancel)),
            ["lossy data"] = ("data", (client, _, cancel) => DataAsync(client, reliable: false, 100, cancel)),
            ["retransmissions"] = ("feedback", (client, _, cancel) => RepeatAsync(() => client.SendNacksAsync(200), cancel)),
            ["key frames"] = ("feedback", (client, _, cancel) => RepeatAsync(() => client.SendPictureLossesAsync(200), cancel)),
            ["a few key frames at a time"] = ("key_frames", (client, _, cancel) => RepeatAsync(() => client.SendPictureLossesAsync(1), cancel)),
        };

    /// <summary>Sections of an offer of nearly a MiB, beyond which none is taken.</summary>
    private const int LargestOffer = 355;

    private static Task Tracks(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { AddTrack = new AddTrackRequest { Cid = $"cid-{i}", Type = TrackType.Video, Source = TrackSource.Camera, Name = new string('n', 200) } }, cancel);

    private static Task DataTracks(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = (uint)(i % 60_000) + 1, Name = $"d-{i}" } }, cancel);

    private static Task UnknownSubscriptions(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(
            client,
            i => new SignalRequest { Subscription = new UpdateSubscription { Subscribe = true, TrackSids = { Enumerable.Range(0, 500).Select(n => $"TR_{i}_{n}_{new string('x', 100)}") } } },
            cancel);

    private static Task Resubscribing(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { Subscription = new UpdateSubscription { Subscribe = i % 2 == 1, TrackSids = { others.Video, others.Audio } } }, cancel);

    private static Task ChangingQualities(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(
            client,
            i => new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { others.Video }, Quality = i / 20 % 2 == 0 ? VideoQuality.Low : VideoQuality.High } },
            cancel,
            perTurn: 1);

    private static async Task Muting(HeadlessParticipant client, Bystanders others, CancellationToken cancel)
    {
        var sid = await client.PublishAudioAsync(cancel);
        await SignalAsync(client, i => new SignalRequest { Mute = new MuteTrackRequest { Sid = sid, Muted = i % 2 == 0 } }, cancel);
    }

    private static Task Metadata(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string((char)('a' + i % 26), 400_000) } }, cancel, perTurn: 2);

    private static Task Attributes(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Attributes = { [$"key-{i % 5}"] = new string((char)('a' + i % 26), 10_000) } } }, cancel, perTurn: 10);

    private static Task Pings(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(client, i => new SignalRequest { PingReq = new Ping { Timestamp = i } }, cancel);

    private static Task Candidates(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        SignalAsync(
            client,
            i => new SignalRequest
            {
                // Addresses for documentation (RFC 5737): nothing is there.
                Trickle = new TrickleRequest { CandidateInit = $$"""{"candidate":"candidate:{{i}} 1 udp {{i}} 192.0.2.{{i % 255}} {{1024 + i % 60_000}} typ host","sdpMid":"0"}""" },
            },
            cancel);

    private static Task LargeOffers(HeadlessParticipant client, Bystanders others, CancellationToken cancel) =>
        RepeatAsync(() => client.SendOfferAsync(sdp => Swollen(sdp, LargestOffer)), cancel);

    private static Task Restarts(HeadlessParticipant client, Bystanders others, CancellationToken cancel)
    {
        var turn = 0;
        return RepeatAsync(
            async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    var ufrag = string.Create(CultureInfo.InvariantCulture, $"a=ice-ufrag:u{turn++:D6}");
                    await client.SendOfferAsync(sdp => string.Join("\r\n", sdp.Split("\r\n").Select(line => line.StartsWith("a=ice-ufrag:", StringComparison.Ordinal) ? ufrag : line)));
                }
            },
            cancel);
    }

    private static Task DataAsync(HeadlessParticipant client, bool reliable, int size, CancellationToken cancel)
    {
        var payload = new byte[size];
        return RepeatAsync(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await client.SendDataAsync(payload, reliable);
                }
            },
            cancel);
    }

    /// <summary>An offer with so many sections more, each with as many formats and as much feedback as its kind has room for.</summary>
    public static string Swollen(string sdp, int sections)
    {
        var mids = new StringBuilder();
        var more = new StringBuilder();
        var types = Enumerable.Range(35, 29).ToArray();
        for (var i = 0; i < sections; i++)
        {
            mids.Append(CultureInfo.InvariantCulture, $" x{i}");
            more.Append(CultureInfo.InvariantCulture, $"m=video 9 UDP/TLS/RTP/SAVPF {string.Join(' ', types)}\r\nc=IN IP4 0.0.0.0\r\n");
            more.Append(string.Join("\r\n", sdp.Split("\r\n").Where(line => line.StartsWith("a=ice-", StringComparison.Ordinal) || line.StartsWith("a=fingerprint", StringComparison.Ordinal)).Distinct()));
            more.Append(CultureInfo.InvariantCulture, $"\r\na=setup:actpass\r\na=mid:x{i}\r\na=sendonly\r\na=rtcp-mux\r\na=msid:- x{i}\r\n");
            foreach (var type in types)
            {
                more.Append(CultureInfo.InvariantCulture, $"a=rtpmap:{type} VP8/90000\r\na=rtcp-fb:{type} nack\r\na=rtcp-fb:{type} nack pli\r\na=rtcp-fb:{type} ccm fir\r\n");
            }
        }

        return sdp.Replace("a=group:BUNDLE 0", "a=group:BUNDLE 0" + mids, StringComparison.Ordinal) + more;
    }

    private static Task SignalAsync(HeadlessParticipant client, Func<int, SignalRequest> make, CancellationToken cancel, int perTurn = 50)
    {
        var sent = 0;
        return RepeatAsync(
            () =>
            {
                for (var i = 0; i < perTurn; i++)
                {
                    client.Send(make(sent++));
                }

                return Task.CompletedTask;
            },
            cancel);
    }

    // Many small turns: the point is to overwhelm the node, not the process that both share.
    private static async Task RepeatAsync(Func<Task> turn, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            await turn();
            await Task.Delay(10, CancellationToken.None);
        }
    }
}

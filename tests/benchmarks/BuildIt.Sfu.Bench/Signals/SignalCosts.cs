using System.Globalization;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Sfu.Bench.Signals;

/// <summary>
/// What the dearest form of each signal message that is accepted takes of a media loop, in a room of a hundred with real media peers,
/// 397 tracks and 10,000 data tracks: the longest single piece of handling it and all pieces together, and the longest that the loop was
/// kept from other things in the turns of the room's own that follow, beside which stands what an idle room takes. Processor time, the
/// least of three; each by somebody who is not held back.
/// </summary>
internal sealed class SignalCosts(TextWriter output) : IDisposable
{
    private const int Participants = 100;
    private const int Publishers = 3;
    private const int MostTracks = 100;
    private const int Rounds = 3;

    private readonly MediaServer _media = new(
        new NodeSettings { BindAddress = "127.0.0.1", MediaUdpPort = 0, MediaTcpPort = -1, Loops = 1 },
        new ConnectionLimits(new DescriptorBudget(1000, 100)),
        TimeProvider.System,
        NullLogger<MediaServer>.Instance);

    private readonly List<BenchClient> _members = [];
    private readonly List<BenchClient> _publishers = [];
    private readonly List<BenchClient> _dual = [];
    private RoomHost _room = null!;

    public async Task<int> RunAsync(string offer)
    {
        var services = new NodeServices
        {
            Server = new ServerInfo(),
            Tokens = new TokenSigner(ApiKeys.Single("devkey", "secret")),
            Clock = new WallClock(DateTimeOffset.UtcNow),
            Sids = new RandomSids(),
        };
        _media.Start();
        _room = await new RoomDirectory(services, _media.Rooms, new Quiet()).GetOrOpenAsync(new RoomOptions { Name = "room" });
        await FillAsync();
        await output.WriteLineAsync("| Message | Dearest accepted form | Longest piece (ms) | All pieces (ms) | Longest turn after it (ms) | Beside the loop (ms) |");
        await output.WriteLineAsync("|---|---|---|---|---|---|");
        var idle = await new LoopProbe(_room).DuringAsync(() => Task.CompletedTask);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| none | an idle room | | | {idle:0.00} | |"));
        await output.WriteLineAsync("| `ping`, `ping_req` | answered where the connection is served | 0 | 0 | 0 | 0 |");
        foreach (var form in new SignalForms(offer, _members).All)
        {
            await MeasureAsync(form);
        }

        return 0;
    }

    public void Dispose() => _media.Dispose();

    /// <summary>Everybody publishes, and everybody is subscribed to it.</summary>
    private async Task FillAsync()
    {
        for (var i = 0; i < Participants; i++)
        {
            var member = new BenchClient(_room, $"p{i}");
            _members.Add(member);
            await member.JoinAsync(single: true, subscribes: true);
            if (i >= Participants - Publishers)
            {
                _publishers.Add(member);
            }
        }

        foreach (var member in _members)
        {
            await member.PublishAsync(_publishers.Contains(member) ? MostTracks - 1 : 1);
            await member.PublishDataAsync(MostTracks);
        }

        for (var i = 0; i < Rounds; i++)
        {
            var member = new BenchClient(_room, $"dual{i}");
            _dual.Add(member);
            await member.JoinAsync(single: false, subscribes: false);
            await member.HandleAsync(new SignalRequest { Subscription = new UpdateSubscription { Subscribe = true, TrackSids = { _members.SelectMany(m => m.Tracks).Take(200) } } });
        }

        // What all of that put off.
        await new LoopProbe(_room).DuringAsync(() => Task.Delay(TimeSpan.FromSeconds(10)));
    }

    private async Task MeasureAsync(SignalForm form)
    {
        var (pieces, turn, beside) = (new List<double> { double.MaxValue }, 0.0, 0.0);
        for (var round = 0; round < (form.Ends ? 1 : Rounds); round++)
        {
            var client = form.Dual ? _dual[round] : form.Negotiates ? _members[round] : form.Ends ? _publishers[^1] : _publishers[round];
            if (form.Ends)
            {
                _publishers.Remove(client);
                _members.Remove(client);
            }

            if (client.Gone)
            {
                throw new InvalidOperationException($"{client.Identity} cannot send {form.Message}: its session is over.");
            }

            var bytes = form.Make(client).ToByteArray();
            var (once, spentBeside) = await SendAsync(client, bytes);
            var after = await new LoopProbe(_room).DuringAsync(() => Task.CompletedTask);
            if (once.Max() < pieces.Max())
            {
                (pieces, turn, beside) = (once, after, spentBeside);
            }
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"| `{form.Message}` | {form.Form} | {pieces.Max():0.00} | {pieces.Sum():0.0} | {turn:0.00} | {beside:0.0} |"));
    }

    /// <summary>Does what a connection does with a message.</summary>
    /// <returns>Milliseconds of processor time of each piece on the loop, and beside the loop.</returns>
    private async Task<(List<double> Pieces, double Beside)> SendAsync(BenchClient client, byte[] bytes)
    {
        var start = ThreadCpu.Nanoseconds();
        var request = SignalRequest.Parser.ParseFrom(bytes);
        var description = (request.Offer ?? request.Answer) is { } text ? RemoteDescription.Parse(text.Sdp) : null;
        SignalRequest[] slices = _room.Exceeds(request) ? [request] : [.. RequestSlices.Of(request)];
        var beside = ThreadCpu.Nanoseconds() - start;
        List<double> pieces = [];
        if (request.Offer is not null)
        {
            OfferWork? work = null;
            pieces.Add(await TimeAsync((room, now) => work = room.BeginOffer(client.Sid, client, 0, description!, now)));
            start = ThreadCpu.Nanoseconds();
            work!.Answer.Build();
            if (client.Gone)
            {
                throw new InvalidOperationException("The offer was refused.");
            }

            beside += ThreadCpu.Nanoseconds() - start;
            pieces.Add(await TimeAsync((room, now) => room.FinishOffer(client.Sid, client, work, now)));
            return (pieces, beside / 1e6);
        }

        foreach (var slice in slices)
        {
            pieces.Add(await TimeAsync((room, now) => room.Handle(client.Sid, client, slice, now, description)));
        }

        return (pieces, beside / 1e6);
    }

    private Task<double> TimeAsync(Action<RoomCore, Instant> work) => _room.InvokeAsync((room, now) =>
    {
        var start = ThreadCpu.Nanoseconds();
        work(room, now);
        return (ThreadCpu.Nanoseconds() - start) / 1e6;
    });

    private sealed class Quiet : IRoomObserver;
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using BuildIt.Interop.Tests.FrameEncryption;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing.Conferences.Rooms;
using Google.Protobuf;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>An application that switches the encryption of its conference off changes nothing of what leaves.</summary>
public sealed class SwitchedOffTests(CallFixture fixture) : IClassFixture<CallFixture>, IAsyncLifetime
{
    private const int Enough = 300;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task Nothing_leaves_in_clear_whatever_the_application_switches_off()
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var bob = await Caller.EnterAsync(fixture, "Bob", await ada.InvitationAsync());
        await ada.WaitAsync("window.conference.roster.length === 2");
        var epoch = await ada.EpochAsync();
        await bob.WaitAsync($"window.conference.epoch === {epoch}");

        // The node's ears: all that it has of both, out of SRTP. The second is the control: it holds for clear what names another epoch.
        var (watch, control) = (WireWatch.OfEpoch((uint)epoch), WireWatch.OfEpoch((uint)epoch + 1));
        var messages = new ConcurrentQueue<string>();
        using var network = new HeadlessNetwork();
        await using var ears = await HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(fixture.Node.HttpUrl),
            Token = CallFixture.Token(await ada.Page.EvaluateAsync<string>("window.conference.invitation.room"), "ears"),
            Network = network,
            PacketReceived = packet =>
            {
                watch.Add(packet);
                control.Add(packet);
            },
        });
        ears.DataReceived += (_, packet) => messages.Enqueue(Encoding.Latin1.GetString(packet.ToByteArray()));
        await ada.WaitAsync("window.conference.unverified.length === 1");

        var told = await ada.Page.EvaluateAsync<string[]>(SwitchOff);
        Assert.All(told, line => Assert.Equal("The encryption of this room cannot be switched off", line));
        Assert.Equal(2, told.Length);
        Assert.True(await ada.Page.EvaluateAsync<bool>("window.room.isE2EEEnabled && window.room.localParticipant.isE2EEEnabled"));
        Assert.Equal(3, await ada.Page.EvaluateAsync<int>("[...window.room.localParticipant.trackPublications.values()].filter((publication) => publication.isEncrypted).length"));

        await (await MediaWatch.StartAsync([ada.Attendee, bob.Attendee])).FlowsAsync(Caller.Patience);
        var (before, now) = (watch.Sealed(WireWatch.Anybody), 0);
        await ada.WaitAsync("window.room.localParticipant.getTrackPublication('screen_share').track.sender.getStats().then((all) => [...all.values()].some(({ framesSent }) => framesSent > 20))");
        for (var since = Stopwatch.StartNew(); (now = watch.Sealed(WireWatch.Anybody)) < before + Enough || messages.IsEmpty; await Task.Delay(100))
        {
            Assert.True(
                since.Elapsed < Caller.Patience,
                $"{now - before} sealed frames and {messages.Count} messages since; in clear: {string.Join(", ", watch.Clear.CountBy(found => found.Split(", ")[^1]))}; epoch {await ada.EpochAsync()}, not {epoch}");
        }

        Assert.Equal(epoch, await ada.EpochAsync());
        Assert.Empty(watch.Clear);
        Assert.DoesNotContain("canary", string.Join('\n', messages), StringComparison.Ordinal);
        Assert.Equal(0, control.Sealed(WireWatch.Anybody));
        Assert.True(control.Clear.Count >= now, $"{control.Clear.Count} of {now}");
    }

    private const string SwitchOff =
        """
        async () => {
          const { room } = window.conference;
          const told = [];
          const say = (error) => told.push(error.message);
          await room.setE2EEEnabled(false).catch(say);
          await room.localParticipant.setE2EEEnabled(false).catch(say);
          // What these two would have done.
          room.e2eeManager.setParticipantCryptorEnabled(false, room.localParticipant.identity);
          // And something new after it.
          const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 200 });
          const context = canvas.getContext('2d');
          let frame = 0;
          setInterval(() => { context.fillStyle = `hsl(${frame++ * 7} 80% 50%)`; context.fillRect(0, 0, 320, 200); }, 100);
          await room.localParticipant.publishTrack(canvas.captureStream(10).getVideoTracks()[0], { source: 'screen_share', simulcast: false });
          const sing = () => room.localParticipant.publishData(new TextEncoder().encode('the canary sings'), { reliable: true });
          await sing();

          // Again and again: who has just come hears nothing before their channel is open.
          setInterval(sing, 500);
          return told;
        }
        """;
}

using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

public sealed class ForwardingAllocationTests
{
    [Fact]
    public void Forwarding_a_hundred_thousand_packets_allocates_nothing()
    {
        var publisher = new TestPublisher(1, new Random(1));
        var extensions = new ExtensionMap();
        extensions.TryAdd(1, ExtensionKind.AbsoluteSendTime);
        extensions.TryAdd(2, ExtensionKind.TransportSequence);
        var tracks = new DownTrack[20];
        for (var i = 0; i < tracks.Length; i++)
        {
            tracks[i] = new DownTrack(publisher.Track, new DownTrackOptions { Ssrc = new((uint)i + 1), PayloadType = 96, Extensions = extensions });
            tracks[i].SetTarget(new LayerPair(0, i % 3));
        }

        var pictures = new List<byte[]>();
        for (var i = 0; i < 6000; i++)
        {
            foreach (var (_, bytes) in publisher.NextPicture(Instant.FromMilliseconds(i * 33)))
                pictures.Add(bytes);
        }

        var sink = new RecordingSink { Keep = false };
        // The history grows to its size and the code is compiled before it counts.
        var warm = Forward(publisher, tracks, sink, pictures, 0, 900);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var forwarded = Forward(publisher, tracks, sink, pictures, 900, pictures.Count);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(warm > 0);
        Assert.True(forwarded * tracks.Length >= 100_000);
        Assert.True(sink.Count > 50_000, $"{sink.Count} sent");
        Assert.Equal(0, allocated);
    }

    private static int Forward(TestPublisher publisher, DownTrack[] tracks, RecordingSink sink, List<byte[]> pictures, int from, int to)
    {
        var accepted = 0;
        for (var i = from; i < to; i++)
        {
            var now = Instant.FromMilliseconds(i * 33);
            if (!RtpPacketView.TryParse(pictures[i], out var view))
                continue;
            var found = RtpHeaderExtensions.Read(view, publisher.Extensions);
            if (!publisher.Track.TryAccept(pictures[i], view, found, 0, false, now, out var packet))
                continue;
            accepted++;
            foreach (var track in tracks)
                track.Forward(packet, sink, now);
        }

        return accepted;
    }
}

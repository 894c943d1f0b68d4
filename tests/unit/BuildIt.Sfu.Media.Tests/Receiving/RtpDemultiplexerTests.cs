using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Receiving;

public sealed class RtpDemultiplexerTests
{
    private readonly ExtensionMap _extensions = new();
    private readonly RtpDemultiplexer _demultiplexer;

    public RtpDemultiplexerTests()
    {
        _extensions.TryAdd(1, ExtensionKind.Mid);
        _extensions.TryAdd(2, ExtensionKind.Rid);
        _extensions.TryAdd(3, ExtensionKind.RepairedRid);
        _demultiplexer = new RtpDemultiplexer(_extensions);
        _demultiplexer.AddStream(10, Id("0"));
        _demultiplexer.AddPayloadType(111, 10, false);
        _demultiplexer.AddStream(20, Id("1"), Id("q"));
        _demultiplexer.AddStream(21, Id("1"), Id("h"));
        foreach (var stream in new[] { 20, 21 })
        {
            _demultiplexer.AddPayloadType(96, stream, false);
            _demultiplexer.AddPayloadType(97, stream, true);
        }
    }

    [Fact]
    public void Names_bind_an_ssrc_for_the_packets_that_come_without()
    {
        Assert.Equal(new RtpRoute(21, false), Route(5, 96, "1", rid: "h"));
        Assert.Equal(new RtpRoute(21, false), Route(5, 96));
        Assert.Equal(new RtpRoute(21, true), Route(6, 97, "1", repaired: "h"));
        Assert.Equal(new RtpRoute(21, true), Route(6, 97));
        Assert.Equal(new RtpRoute(21, false), Route(5, 96, "1"));
    }

    [Fact]
    public void Payload_type_decides_only_where_it_is_unique()
    {
        Assert.Equal(new RtpRoute(10, false), Route(7, 111));
        Assert.Null(Route(8, 96));
    }

    [Fact]
    public void Unknown_names_are_dropped_even_with_a_known_ssrc()
    {
        Assert.NotNull(Route(5, 96, "1", rid: "q"));
        Assert.Null(Route(5, 96, "9"));
        Assert.Null(Route(9, 96, "1", rid: "x"));
    }

    [Fact]
    public void A_new_name_moves_an_ssrc_and_removal_forgets_it()
    {
        Assert.Equal(20, Route(5, 96, "1", rid: "q")?.Stream);
        Assert.Equal(21, Route(5, 96, "1", rid: "h")?.Stream);
        _demultiplexer.RemoveStreams(21, 4);
        Assert.Null(Route(5, 96));
    }

    [Fact]
    public void Learned_ssrcs_are_bounded()
    {
        for (uint ssrc = 0; ssrc < 10_000; ssrc++)
            Route(ssrc, 111);
        Assert.False(_demultiplexer.AddSsrc(new(50_000), 10, false));
        Assert.NotNull(Route(3, 111));
        Assert.Null(Route(60_000, 111));
    }

    private static RtpIdentifier Id(string text)
    {
        Assert.True(RtpIdentifier.TryParse(text, out var id));
        Assert.Equal(text, id.ToString());
        return id;
    }

    private RtpRoute? Route(uint ssrc, byte payloadType, string? mid = null, string? rid = null, string? repaired = null)
    {
        var bytes = new byte[64];
        var writer = new RtpHeaderWriter(bytes, payloadType, false, default, default, new(ssrc));
        if (mid is not null)
            writer.Add(1, System.Text.Encoding.ASCII.GetBytes(mid));
        if (rid is not null)
            writer.Add(2, System.Text.Encoding.ASCII.GetBytes(rid));
        if (repaired is not null)
            writer.Add(3, System.Text.Encoding.ASCII.GetBytes(repaired));
        Assert.True(RtpPacketView.TryParse(bytes.AsSpan(0, writer.Finish()), out var view));
        return _demultiplexer.TryRoute(view, RtpHeaderExtensions.Read(view, _extensions), out var route) ? route : null;
    }
}

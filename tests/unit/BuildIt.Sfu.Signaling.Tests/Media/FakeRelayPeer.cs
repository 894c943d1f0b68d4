using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Tests.Media;

/// <summary>One end of a link that carries messages to the other end when the test lets it.</summary>
internal sealed class FakeRelayPeer(RelayPeerOptions options, IRelayPeerEvents events) : IRelayPeer
{
    private readonly Queue<(DataChannelKind Channel, byte[] Message)> _sent = new();

    public RelayPeerOptions Options => options;

    public IRelayPeerEvents Events => events;

    public RelayAddress Local { get; } = new("ufrag", "password", "sha-256 00", []);

    public RelayStatistics Statistics => default;

    public TimeSpan Silence(Instant now) => TimeSpan.Zero;

    public Dictionary<string, RelayTrack> Tracks { get; } = [];

    public Dictionary<string, IReadOnlyList<RelayDemand>> Demands { get; } = [];

    public List<(string Track, string Cid, int Available, LayerRates Rates)> Layers { get; } = [];

    public bool Closed { get; private set; }

    /// <summary>Messages that were sent and have not been taken.</summary>
    public int Waiting => _sent.Count;

    public string? Connect(RelayAddress remote, Instant now) => null;

    public void AddTrack(RelayTrack track, Instant now) => Tracks[track.Track.Sid.Value] = track;

    public bool Feeds(TrackSid track) => Tracks.ContainsKey(track.Value);

    public void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now) => Layers.Add((track.Value, cid, available, rates));

    public void SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now) => Demands[track.Value] = demand;

    public bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        _sent.Enqueue((channel, message.ToArray()));
        return !Closed;
    }

    public void Close(Instant now) => Closed = true;

    public bool TryTake(out DataChannelKind channel, out byte[] message)
    {
        var any = _sent.TryDequeue(out var first);
        (channel, message) = first;
        return any;
    }
}

using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>How one end of a link is set up. Fixed for its life.</summary>
public sealed record RelayPeerOptions
{
    /// <summary>Names the other node among all who receive here; no participant has it.</summary>
    public required ParticipantSid Sid { get; init; }

    /// <summary>True at the end that is fed by the other: it opens the connection.</summary>
    public required bool IsChild { get; init; }

    /// <summary>True where the other end is on another loop of this process: no network lies between.</summary>
    public bool IsInner { get; init; }

    /// <summary>What is sent to the other node is part of this, media and data together; null where nothing bounds it.</summary>
    public LinkBound? Bound { get; init; }
}

/// <summary>Where and how one end of a link is reached. Exchanged over a channel that says who the other is.</summary>
/// <param name="Ufrag">ICE username fragment (RFC 8839 section 5.4).</param>
/// <param name="Password">ICE password.</param>
/// <param name="Fingerprint">Of the certificate it shows in DTLS, as in SDP: algorithm and bytes (RFC 8122 section 5).</param>
/// <param name="Candidates">Candidate lines; empty at the end that opens the connection.</param>
public sealed record RelayAddress(string Ufrag, string Password, string Fingerprint, IReadOnlyList<string> Candidates)
{
    /// <summary>Says nothing of what is in it: a password is not for logs.</summary>
    public override string ToString() => "address of a relay";
}

/// <summary>A codec in which an encoding comes.</summary>
/// <param name="Name">As in SDP ("VP8").</param>
/// <param name="ClockRate">Ticks a second.</param>
/// <param name="Channels">Of sound.</param>
public readonly record struct RelayCodec(string Name, int ClockRate, int Channels);

/// <summary>A stream of the link.</summary>
/// <param name="Layer">The simulcast layer it carries alone; -1 when it is all of the encoding.</param>
/// <param name="Source">Its SSRC on this link.</param>
/// <param name="RepairSource">SSRC of its retransmissions; 0 without.</param>
public readonly record struct RelayStream(int Layer, uint Source, uint RepairSource);

/// <summary>One encoding of a track, as it comes over the link.</summary>
/// <param name="Cid">Which of the announced encodings.</param>
/// <param name="Codecs">What it may change between, the one it is in now first.</param>
/// <param name="Streams">What carries it.</param>
public sealed record RelayEncoding(string Cid, IReadOnlyList<RelayCodec> Codecs, IReadOnlyList<RelayStream> Streams);

/// <summary>A track that the other node can have.</summary>
/// <param name="Track">As its publisher announced it.</param>
/// <param name="Muted">Whether it is muted now.</param>
/// <param name="Encodings">What can be had.</param>
public sealed record RelayTrack(PublishedTrack Track, bool Muted, IReadOnlyList<RelayEncoding> Encodings);

/// <summary>What is watched of one codec of a track behind a link.</summary>
/// <param name="Codec">Lower-case name.</param>
/// <param name="Highest">The most that anybody has use for: what its publisher is to send.</param>
/// <param name="Layers">What is to cross the link now, a bit for each layer.</param>
/// <param name="Watchers">How many want each layer at most, by layer: who comes first when the link is thin.</param>
public sealed record RelayDemand(string Codec, VideoQualityLevel Highest, int Layers, IReadOnlyList<int> Watchers);

/// <summary>How the link is doing, as seen at this end.</summary>
/// <param name="RoundTrip">Zero until it was measured.</param>
/// <param name="Loss">Share of what was sent that did not arrive, 0 to 1.</param>
/// <param name="Estimate">What the path is thought to carry.</param>
/// <param name="BytesSent">RTP since the start.</param>
/// <param name="PacketsSent">RTP since the start.</param>
/// <param name="BytesReceived">RTP since the start.</param>
/// <param name="PacketsReceived">RTP since the start.</param>
/// <param name="DatagramBytesSent">Whole datagrams since the start, without IP and UDP headers: media, data, repair, handshakes and checks.</param>
public readonly record struct RelayStatistics(
    TimeSpan RoundTrip, double Loss, DataRate Estimate, long BytesSent, long PacketsSent, long BytesReceived, long PacketsReceived, long DatagramBytesSent);

/// <summary>
/// A room's end of a link to another node. What is told by <see cref="IRelayPeerEvents"/> is carried to the other node by whoever
/// made it, and given to the other end there. Every call is made on the room's loop.
/// </summary>
public interface IRelayPeer
{
    /// <summary>What the other end needs to know.</summary>
    RelayAddress Local { get; }

    RelayStatistics Statistics { get; }

    /// <summary>For how long nothing came from the other end, which says something several times a second; zero until the link is up.</summary>
    TimeSpan Silence(Instant now);

    /// <summary>Takes the other end's address; null when it can be used, else what is wrong with it.</summary>
    string? Connect(RelayAddress remote, Instant now);

    /// <summary>The other node has a track, or has it in one more format. One that came from elsewhere comes from there from now on.</summary>
    void AddTrack(RelayTrack track, Instant now);

    /// <summary>Whether tracks of that sid come over this link.</summary>
    bool Feeds(TrackSid track);

    /// <summary>What the other node says of the layers of an encoding.</summary>
    /// <param name="track">The track.</param>
    /// <param name="cid">Which of its encodings.</param>
    /// <param name="available">What can be had, a bit for each layer.</param>
    /// <param name="rates">What each costs.</param>
    /// <param name="now">Now.</param>
    void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now);

    /// <summary>What the other node wants of a track from now on.</summary>
    void SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now);

    /// <summary>Sends bytes to the other end. False when they are lost: the link is not up, or does not take them.</summary>
    /// <param name="channel">How.</param>
    /// <param name="from">Whose they are; default for the node itself. Senders share the link fairly.</param>
    /// <param name="message">At most <see cref="MaxMessage"/> bytes; reliable ones must not change any more.</param>
    /// <param name="now">Now.</param>
    bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now);

    /// <summary>Ends the link. What came over it stays published, and silent, until it comes over another or is ended.</summary>
    void Close(Instant now);

    /// <summary>The <see cref="Silence"/> from which on the path is in doubt: of what is said without anything to say, four have not arrived.</summary>
    static readonly TimeSpan SuspectAfter = TimeSpan.FromSeconds(1);

    /// <summary>The longest message in bytes.</summary>
    const int MaxMessage = 256 * 1024;
}

/// <summary>Why a link is over.</summary>
public enum RelayFailure : byte
{
    /// <summary>This end was closed.</summary>
    Closed,

    /// <summary>Nothing was heard of the other end.</summary>
    Silence,

    /// <summary>No path to the other end, or its certificate is not the one it named.</summary>
    Transport,

    /// <summary>A message that must not be lost was lost: the other end does not take them as fast as they come.</summary>
    Overflow,

    /// <summary>The other end said more than a room can have to say.</summary>
    Flood,
}

/// <summary>What happens to one end of a link. Raised on the room's loop; handlers must not block.</summary>
public interface IRelayPeerEvents
{
    /// <summary>Messages can be sent, and tracks are told.</summary>
    void OnUp(Instant now);

    /// <summary>The other end has been silent for <see cref="IRelayPeer.SuspectAfter"/>, or is heard again.</summary>
    void OnSilence(bool isSilent, Instant now);

    /// <summary>The link is over. Nothing is raised afterwards.</summary>
    void OnDown(RelayFailure reason, Instant now);

    /// <summary>To be told to the other end: <see cref="IRelayPeer.AddTrack"/>.</summary>
    void OnTrack(RelayTrack track, Instant now);

    /// <summary>To be told to the other end: <see cref="IRelayPeer.SetLayers"/>.</summary>
    void OnLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now);

    /// <summary>To be told to the other end: <see cref="IRelayPeer.SetDemand"/>.</summary>
    void OnDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now);

    /// <summary>Somebody behind the link began to watch a track of which nobody there had before.</summary>
    void OnWatched(TrackSid track, Instant now);

    /// <summary>Bytes from the other end, valid during the call only.</summary>
    void OnMessage(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now);
}

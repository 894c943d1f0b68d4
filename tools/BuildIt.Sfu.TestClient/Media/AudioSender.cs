using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Clips;
using BuildIt.Sfu.TestClient.FrameEncryption;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>
/// Sends the tone as Opus, 50 packets a second, with the audio level it is told; silence as browsers send it, a packet now and then
/// (discontinuous transmission, RFC 7587 section 3.1.3). Used on one loop.
/// </summary>
internal sealed class AudioSender : ITrackSender
{
    private const int ClockRate = 48_000;
    private const int TicksPerPacket = 960;
    private const int MaxPayload = 400;
    private const int PacketsPerStamp = 5;

    /// <summary>As libopus does: one in 400 ms (RFC 7587 section 3.1.3).</summary>
    private const int SilentPacketEvery = 20;
    private const int Silence = 127;
    private static readonly TimeSpan PacketInterval = TimeSpan.FromMilliseconds(20);

    private readonly ClientConnection _connection;
    private readonly OutgoingStream _stream;
    private readonly IFrameSealer? _sealer;
    private readonly uint _timestampBase;
    private Instant _start;
    private long _packets;
    private bool _configured;
    private bool _muted;

    public AudioSender(ClientConnection connection, string mid, string cid, Instant now)
    {
        _connection = connection;
        _stream = new OutgoingStream(connection, mid, "", ClockRate);
        _sealer = connection.Key?.CreateSealer(TrackSource.Microphone);
        _timestampBase = connection.NextRandom();
        _start = now + TimeSpan.FromMicroseconds(connection.NextRandom() % 20_000);
        Cid = cid;
        Streams = [_stream];
    }

    public MediaKind Kind => MediaKind.Audio;

    public string Cid { get; }

    public IReadOnlyList<string> Rids => [];

    public IReadOnlyList<OutgoingStream> Streams { get; }

    /// <summary>Level that the packets announce, 0 (loudest) to 127 (silent) in -dBov (RFC 6464 section 3).</summary>
    public int Level { get; set; } = 30;

    public Instant NextDeadline => _configured ? PacketTime(_packets) : Instant.Never;

    public void Configure(SdpMedia answer)
    {
        if (answer.Rejected || answer.Codecs.FirstOrDefault(codec => codec.Is("opus")) is not { } opus)
        {
            return;
        }

        _stream.PayloadType = opus.PayloadType;
        _stream.Extensions = ExtensionIds.From(answer.Extensions);
        _configured = true;
    }

    public void Play(Instant now)
    {
        if (now - PacketTime(_packets) > TimeSpan.FromMilliseconds(500))
        {
            _start += now - PacketTime(_packets);
        }

        var clip = Clip.Tone.Packets;
        for (; PacketTime(_packets) <= now; _packets++)
        {
            if (_muted || (Level == Silence && _packets % SilentPacketEvery != 0) || !_connection.Transport.IsConnected)
            {
                continue;
            }

            var data = clip[(int)(_packets % clip.Count)].Span;
            var timestamp = _timestampBase + (uint)(_packets * TicksPerPacket);
            var payload = _stream.Begin(timestamp, marker: false, _packets % PacketsPerStamp == 0, Level, MaxPayload, now);
            if (data.Length + (_sealer?.Overhead ?? 0) > payload.Length)
            {
                continue;
            }

            if (_sealer is not null)
            {
                _stream.Commit(_sealer.Seal(data, FrameKind.Opus, _stream.Ssrc.Value, timestamp, payload), now);
                continue;
            }

            data.CopyTo(payload);
            _stream.Commit(data.Length, now);
        }
    }

    public void SetMuted(bool muted) => _muted = muted;

    public void RequestKeyFrame(Ssrc source)
    {
        // Sound has none.
    }

    public void Dispose() => _sealer?.Dispose();

    private Instant PacketTime(long packet) => _start + PacketInterval * packet;
}

using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>The answer to one offer of a client, with all that it takes to make it.</summary>
internal sealed class PublisherAnswer : PendingAnswer, IAnswerContext
{
    private readonly SdpSession? _offer;
    private readonly LocalDescription? _local;
    private readonly AnswerBuilder? _builder;
    private readonly Dictionary<string, ReceivePreferences> _preferences = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SendTrack> _tracks = new(StringComparer.Ordinal);

    /// <param name="offer">The offer.</param>
    /// <param name="local">The node's half of the description.</param>
    /// <param name="builder">Makes the answer; used by this alone.</param>
    public PublisherAnswer(SdpSession offer, LocalDescription local, AnswerBuilder builder) => (_offer, _local, _builder) = (offer, local, builder);

    private PublisherAnswer(string error) => Error = error;

    /// <summary>What was negotiated; null before it is built and when the offer cannot be used.</summary>
    public NegotiatedSession? Session { get; private set; }

    public string Sdp { get; private set; } = "";

    /// <summary>Why the offer cannot be used.</summary>
    public string Error { get; private set; } = "";

    public static PublisherAnswer Rejected(string error) => new(error);

    /// <summary>Notes what the room has to say about a section: the track the client sends in it and how, and what is sent there.</summary>
    public void Note(string mid, ReceivePreferences preferences, SendTrack? track)
    {
        _preferences[mid] = preferences;
        if (track is not null)
        {
            _tracks[mid] = track;
        }
    }

    public override void Build()
    {
        if (_builder is null)
        {
            return;
        }

        if (_builder.TryAnswer(_offer!, _local!, this, out var answer, out var session, out var error))
        {
            (Session, Sdp) = (session, SdpWriter.Write(answer));
        }
        else
        {
            Error = error;
        }
    }

    ReceivePreferences IAnswerContext.PreferencesFor(string mid) => _preferences.GetValueOrDefault(mid) ?? ReceivePreferences.Default;

    SendTrack? IAnswerContext.TrackFor(string mid, MediaKind kind) => _tracks.GetValueOrDefault(mid);
}

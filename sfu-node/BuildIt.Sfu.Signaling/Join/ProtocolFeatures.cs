namespace BuildIt.Sfu.Signaling.Join;

/// <summary>What a client of a given signalling protocol number understands.</summary>
public static class ProtocolFeatures
{
    /// <summary>The number this node reports.</summary>
    public const int Current = 17;

    public static bool SubscriberPrimary(int protocol) => protocol > 2;

    public static bool SpeakersChanged(int protocol) => protocol > 2;

    public static bool TransceiverReuse(int protocol) => protocol > 3;

    public static bool ConnectionQuality(int protocol) => protocol > 4;

    public static bool IceLite(int protocol) => protocol > 5;

    public static bool Unpublish(int protocol) => protocol > 6;

    public static bool DisconnectedUpdates(int protocol) => protocol > 8;

    public static bool LeaveAction(int protocol) => protocol > 12;

    public static bool RequestResponseOk(int protocol) => protocol > 14;
}

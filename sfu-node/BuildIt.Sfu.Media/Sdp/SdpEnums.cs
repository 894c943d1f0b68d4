namespace BuildIt.Sfu.Media.Sdp;

/// <summary>The media field of an m-line (RFC 8866 section 5.14).</summary>
public enum MediaKind : byte
{
    Audio,
    Video,

    /// <summary>Data channels.</summary>
    Application,

    /// <summary>Anything else; such a section is only kept in its place and rejected.</summary>
    Other,
}

/// <summary>Direction of a section as its writer sees it (RFC 8866 section 6.7).</summary>
public enum MediaDirection : byte
{
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// <summary>DTLS role (RFC 8842 section 5.2, RFC 4145 section 4).</summary>
public enum DtlsSetup : byte
{
    /// <summary>No setup attribute.</summary>
    Unspecified,
    ActPass,

    /// <summary>The writer opens the handshake.</summary>
    Active,

    /// <summary>The writer waits for the handshake.</summary>
    Passive,
    HoldConnection,
}

public static class MediaDirections
{
    extension(MediaDirection direction)
    {
        /// <summary>Whether the writer of the description sends.</summary>
        public bool Sends => direction is MediaDirection.SendRecv or MediaDirection.SendOnly;

        /// <summary>Whether the writer of the description receives.</summary>
        public bool Receives => direction is MediaDirection.SendRecv or MediaDirection.RecvOnly;

        /// <summary>The same flow seen from the other side.</summary>
        public MediaDirection Reversed => Of(direction.Receives, direction.Sends);
    }

    public static MediaDirection Of(bool sends, bool receives) => (sends, receives) switch
    {
        (true, true) => MediaDirection.SendRecv,
        (true, false) => MediaDirection.SendOnly,
        (false, true) => MediaDirection.RecvOnly,
        _ => MediaDirection.Inactive,
    };
}

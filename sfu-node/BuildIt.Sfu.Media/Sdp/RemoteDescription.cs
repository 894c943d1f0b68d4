namespace BuildIt.Sfu.Media.Sdp;

/// <summary>
/// What a client wrote about its side of a connection, as far as it could be read. Reading a large one takes a while: it is done
/// wherever the text arrives, and not on the loop that carries media. Immutable.
/// </summary>
public sealed class RemoteDescription
{
    private RemoteDescription(string text, SdpSession? session, SdpError error)
    {
        Text = text;
        Session = session;
        Error = error;
    }

    /// <summary>As it came.</summary>
    public string Text { get; }

    /// <summary>Null when it cannot be used.</summary>
    public SdpSession? Session { get; }

    /// <summary>Why it cannot.</summary>
    public SdpError Error { get; }

    /// <summary>It is larger than any client has reason to write.</summary>
    public bool IsTooLarge => Error.Kind is SdpErrorKind.TooLong or SdpErrorKind.TooManySections;

    /// <summary>Never throws, for any text.</summary>
    public static RemoteDescription Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SdpParser.TryParse(text, out var session, out var error) ? new RemoteDescription(text, session, default) : new RemoteDescription(text, null, error);
    }
}

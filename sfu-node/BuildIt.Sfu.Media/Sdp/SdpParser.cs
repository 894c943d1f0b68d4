namespace BuildIt.Sfu.Media.Sdp;

/// <summary>
/// Reads session descriptions (RFC 8866). Tolerant: lines and attributes it does not know are skipped, line ends may lack the
/// carriage return. Bounded: see <see cref="SdpLimits"/>. Never throws for any text.
/// </summary>
public static class SdpParser
{
    /// <summary>Reads <paramref name="text"/>; false with <paramref name="error"/> set when it is not usable.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SdpSession session, out SdpError error, SdpLimits? limits = null)
    {
        limits ??= SdpLimits.Default;
        session = new SdpSession();
        error = default;
        if (text.Length > limits.MaxLength)
        {
            error = new SdpError(SdpErrorKind.TooLong, 0);
            return false;
        }

        var reader = new SdpSessionReader(limits);
        var number = 0;
        while (!text.IsEmpty)
        {
            number++;
            var end = text.IndexOf('\n');
            var line = (end < 0 ? text : text[..end]).TrimEnd('\r').TrimEnd(' ');
            text = end < 0 ? default : text[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            error = line.Length > limits.MaxLineLength
                ? new SdpError(SdpErrorKind.LineTooLong, number)
                : reader.Read(line, number);
            if (error.Kind != SdpErrorKind.None)
            {
                return false;
            }
        }

        return reader.TryFinish(number, out session, out error);
    }
}

namespace BuildIt.Operator.Links;

/// <summary>What is sent in a second, from a count of bytes that begins anew whenever a link does. One thread at a time.</summary>
internal sealed class SendRate
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private long _bytes;
    private DateTimeOffset _at;
    private long? _rate;

    /// <summary>Bits per second over the last seconds; null until there have been some.</summary>
    public long? Of(long bytes, DateTimeOffset now)
    {
        if (_at == default || bytes < _bytes)
        {
            (_bytes, _at) = (bytes, now);
        }
        else if (now - _at >= Window)
        {
            _rate = (long)((bytes - _bytes) * 8 / (now - _at).TotalSeconds);
            (_bytes, _at) = (bytes, now);
        }

        return _rate;
    }
}

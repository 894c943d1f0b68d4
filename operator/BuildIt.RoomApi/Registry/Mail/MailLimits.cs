namespace BuildIt.RoomApi.Registry.Mail;

/// <summary>How much mail is taken and kept. Sizes are in bytes.</summary>
public static class MailLimits
{
    /// <summary>An event with everything around its content.</summary>
    public const int MaxEvent = 192 << 10;

    /// <summary>Events sent at once.</summary>
    public const int MaxBatch = 32;

    /// <summary>Events that wait for one recipient in one room.</summary>
    public const int MaxMessages = 256;

    /// <summary>Of these, from one address.</summary>
    public const int MaxFromAddress = 64;

    /// <summary>Bytes that wait for one recipient in one room.</summary>
    public const int MaxBox = 2 << 20;

    /// <summary>Events on a page.</summary>
    public const int MaxPage = 32;

    /// <summary>Bytes on a page, unless one event alone has more.</summary>
    public const int MaxPageBytes = 512 << 10;

    /// <summary>How long an event waits, if the room does not end before.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
}

namespace BuildIt.Sfu.Signaling.Webhooks;

/// <summary>How webhooks are delivered.</summary>
public sealed record WebhookOptions
{
    /// <summary>Events waiting in one lane; when it is full new ones are dropped and counted.</summary>
    public int QueueLength { get; init; } = 100;

    /// <summary>Lanes per receiver. The events of one room share a lane, so that they stay in order.</summary>
    public int Lanes { get; init; } = 8;

    /// <summary>Tries per event.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Pause before the second try; it doubles up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Validity of the token that vouches for an event.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(5);
}

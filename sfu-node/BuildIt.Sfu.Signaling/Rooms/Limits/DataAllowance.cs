using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Limits;

/// <summary>
/// What one participant may send of one kind of data: messages and bytes, as they come and counted at each receiver. Reliable and other
/// messages have one each, so that a large transfer does not use up what single quick messages need.
/// </summary>
internal sealed class DataAllowance(ClientLimits limits)
{
    private TokenBucket _messages = new(limits.DataMessagesPerSecond, limits.DataMessagesPerSecond);
    private TokenBucket _bytes = new(limits.DataRate.BitsPerSecond / 8.0, limits.DataRate.BitsPerSecond / 8.0);
    private TokenBucket _deliveries = new(limits.DataDeliveriesPerSecond, limits.DataDeliveriesPerSecond);
    private TokenBucket _deliveredBytes = new(limits.DataDeliveryRate.BitsPerSecond / 8.0, limits.DataDeliveryRate.BitsPerSecond / 8.0);

    /// <summary>Takes a message if it is allowed.</summary>
    public bool TryTake(int bytes, Instant now) => _messages.TryTake(1, now) && _bytes.TryTake(bytes, now);

    /// <summary>Takes what a message comes to at its receivers if it is allowed.</summary>
    public bool TryDeliver(int receivers, int bytes, Instant now) =>
        _deliveries.TryTake(receivers, now) && _deliveredBytes.TryTake((double)receivers * bytes, now);

    /// <summary>Takes a message in any case; returns how long the next one is to wait.</summary>
    public TimeSpan Take(int bytes, Instant now) => Longer(_messages.Take(1, now), _bytes.Take(bytes, now));

    /// <summary>Takes what a message comes to at its receivers in any case; returns how long the next one is to wait.</summary>
    public TimeSpan Deliver(int receivers, int bytes, Instant now) =>
        Longer(_deliveries.Take(receivers, now), _deliveredBytes.Take((double)receivers * bytes, now));

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

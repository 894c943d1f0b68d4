namespace BuildIt.Operator.Planning.Model;

/// <summary>A number of pods, absolute or as a share of some other number.</summary>
/// <param name="Amount">Pods, or percent; 0 or more.</param>
/// <param name="IsPercent">Whether <paramref name="Amount"/> is in percent.</param>
public readonly record struct PodAmount(int Amount, bool IsPercent = false)
{
    /// <summary>More than any fleet has.</summary>
    public static readonly PodAmount Unlimited = new(int.MaxValue);

    public static PodAmount Percent(int percent) => new(percent, IsPercent: true);

    /// <summary>The pods that this means of <paramref name="total"/>; a share is rounded up.</summary>
    public int Of(int total) => !IsPercent
        ? Math.Max(0, Amount)
        : (int)Math.Min(int.MaxValue, (((long)Math.Max(0, total) * Math.Max(0, Amount)) + 99) / 100);
}

namespace BuildIt.Operator.Planning.Links;

/// <summary>
/// Divides what a fleet may send over a link among its pods: as much as each wants, none getting more while one that wants it has less, and
/// what is not wanted in equal parts. Each plan is safe by itself: whichever pods have heard of it and whichever have not, they keep to the
/// bound together, as far as they did before. So what one gives up, another has in a later plan, when the first is known to have heard.
/// Pure.
/// </summary>
public static class LinkSharing
{
    /// <summary>What a pod keeps that wants nothing, as a part of an equal share: its next room has to begin with something.</summary>
    private const double IdlePart = 0.25;

    /// <summary>With less than this part of its fair share a pod is not left waiting.</summary>
    private const double Starved = 0.75;

    /// <summary>With this part of its fair share a pod is left alone.</summary>
    private const double Near = 0.9;

    /// <summary>What is wanted goes up and down by less from one moment to the next.</summary>
    private const double Margin = 1.1;

    /// <summary>The time between two changes that nobody is starved without.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Says what each pod is to be told.</summary>
    /// <param name="bound">What all may send together, in bits per second.</param>
    /// <param name="senders">The pods, as they are known now.</param>
    /// <param name="untoldPart">What a pod uses of the bound that was told nothing yet.</param>
    /// <param name="sinceChange">For how long they have been told the same.</param>
    /// <returns>The share of each, in their order.</returns>
    public static IReadOnlyList<long> Plan(long bound, IReadOnlyList<LinkSender> senders, double untoldPart, TimeSpan sinceChange)
    {
        ArgumentNullException.ThrowIfNull(senders);
        var held = senders.Select(sender => sender.Share ?? (long)(bound * untoldPart)).ToArray();
        var fair = Fair(bound, senders);
        return IsGood(bound, senders, held, fair, sinceChange) ? held : Towards(bound, held, fair);
    }

    /// <summary>What each should have.</summary>
    private static long[] Fair(long bound, IReadOnlyList<LinkSender> senders)
    {
        var idle = (long)(bound * IdlePart / Math.Max(1, senders.Count));
        var wanted = senders.Select(sender => Math.Clamp((long)(Math.Clamp(sender.Wanted, 0, bound) * Margin), idle, bound)).ToArray();
        var (left, open) = (bound, wanted.Length);
        var fair = new long[wanted.Length];
        foreach (var place in Enumerable.Range(0, wanted.Length).OrderBy(place => wanted[place]))
        {
            fair[place] = Math.Min(wanted[place], left / open--);
            left -= fair[place];
        }

        return [.. fair.Select(share => share + (left / Math.Max(1, fair.Length)))];
    }

    private static bool IsGood(long bound, IReadOnlyList<LinkSender> senders, long[] held, long[] fair, TimeSpan sinceChange)
    {
        if (held.Sum() > bound || senders.Any(sender => sender.Share is null))
        {
            return false;
        }

        // Nobody waits for what is free.
        var needed = sinceChange < Patience && held.Sum() > bound * Near ? Starved : Near;
        return !Enumerable.Range(0, held.Length).Any(place => held[place] < Math.Min(senders[place].Wanted, (long)(fair[place] * needed)) || held[place] < fair[place] * IdlePart);
    }

    // Who has too much gives it up now. What is free now is dealt out to those who have too little.
    private static long[] Towards(long bound, long[] held, long[] fair)
    {
        var free = Math.Max(0, bound - held.Sum());
        var lacking = held.Zip(fair).Sum(pair => Math.Max(0, pair.Second - pair.First));
        return [.. held.Zip(fair).Select(pair => pair.Second <= pair.First || lacking == 0
            ? pair.Second
            : pair.First + (long)Math.Min(pair.Second - pair.First, (double)free * (pair.Second - pair.First) / lacking))];
    }
}

namespace BuildIt.Operator.Planning.Rollout;

/// <summary>A fleet among those that follow one image.</summary>
/// <param name="Fleet">Its name.</param>
/// <param name="Order">Lower ones go first; of equals, by name.</param>
/// <param name="Image">The image that its pods are made from now; null when it has none yet.</param>
/// <param name="SettledSince">Since when it has been as it should be; null while it is not.</param>
public sealed record FleetTurn(string Fleet, int Order, string? Image, DateTimeOffset? SettledSince);

/// <summary>Whether a fleet may take a new image now.</summary>
/// <param name="Waits">What it waits for; null when it may.</param>
/// <param name="NextAt">When time alone changes that; null when it does not.</param>
public readonly record struct TurnDecision(string? Waits, DateTimeOffset? NextAt)
{
    public bool MayTake => Waits is null;
}

/// <summary>
/// Lets fleets that follow one image take a new one one after the other: what is wrong with it is seen on the first of them, while the others
/// go on as they are. Pure.
/// </summary>
public static class FleetTurns
{
    /// <param name="fleets">All of them.</param>
    /// <param name="fleet">The one that asks; it is among them.</param>
    /// <param name="image">The new image.</param>
    /// <param name="pause">How long a fleet has to have been well with it before the next one takes it.</param>
    /// <param name="now">The time.</param>
    public static TurnDecision Plan(IReadOnlyList<FleetTurn> fleets, string fleet, string image, TimeSpan pause, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(fleets);
        var own = fleets.First(each => each.Fleet == fleet);
        if (own.Image is null || own.Image == image)
        {
            return default;
        }

        DateTimeOffset? next = null;
        foreach (var other in fleets.Where(each => each.Fleet != fleet && each.Image is not null))
        {
            if (other.Image == image)
            {
                if (other.SettledSince is not { } since)
                {
                    return new TurnDecision($"{other.Fleet} takes it first and is not done", null);
                }

                next = since + pause > now && !(next > since + pause) ? since + pause : next;
            }
            else if ((other.Order, other.Fleet).CompareTo((own.Order, own.Fleet)) < 0)
            {
                return new TurnDecision($"{other.Fleet} is before it", null);
            }
        }

        return next is { } at ? new TurnDecision($"the fleets before it have to be well with it for {pause}", at) : default;
    }
}

using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>
/// How much each gets of something that is too small for all. Everybody's floor comes first, and above it everybody has the same level, but
/// nobody more than they want. Pure; allocates nothing.
/// </summary>
internal readonly struct LinkDivision
{
    private readonly Stage _stage;
    private readonly long _level;

    private LinkDivision(Stage stage, long level, long wanted) => (_stage, _level, Wanted) = (stage, level, new DataRate(wanted));

    private enum Stage : byte
    {
        /// <summary>All have what they want, and as much more as the level says.</summary>
        Enough,

        /// <summary>All have their lowest layers.</summary>
        Base,

        /// <summary>There is not room for that; all have their sound.</summary>
        Sound,
    }

    /// <summary>What all want together.</summary>
    public DataRate Wanted { get; }

    /// <summary>Divides a rate among wishes.</summary>
    public static LinkDivision Of(DataRate rate, ReadOnlySpan<LinkWish> wishes)
    {
        long lowest = 0;
        long wanted = 0;
        foreach (var wish in wishes)
        {
            lowest += BaseOf(wish);
            wanted += WantedOf(wish);
        }

        var bound = rate.BitsPerSecond;
        if (wanted <= bound)
        {
            return new LinkDivision(Stage.Enough, wishes.IsEmpty ? 0 : (bound - wanted) / wishes.Length, wanted);
        }

        var stage = lowest <= bound ? Stage.Base : Stage.Sound;
        return new LinkDivision(stage, LevelOf(bound, stage, wishes, wanted), wanted);
    }

    /// <summary>What a wish gets. Sound is granted even where all sound together is more than there is.</summary>
    public DataRate For(in LinkWish wish) => new(Of(_stage, _level, wish));

    // The highest level at which all is not more than there is, found bit by bit.
    private static long LevelOf(long bound, Stage stage, ReadOnlySpan<LinkWish> wishes, long highest)
    {
        long low = 0;
        while (low < highest)
        {
            var level = low + ((highest - low + 1) / 2);
            long sum = 0;
            foreach (var wish in wishes)
            {
                sum += Of(stage, level, wish);
            }

            (low, highest) = sum <= bound ? (level, highest) : (low, level - 1);
        }

        return low;
    }

    private static long Of(Stage stage, long level, in LinkWish wish) => stage switch
    {
        Stage.Enough => WantedOf(wish) + level,
        Stage.Base => Math.Clamp(level, BaseOf(wish), WantedOf(wish)),
        _ => Math.Clamp(level, wish.Sound.BitsPerSecond, BaseOf(wish)),
    };

    private static long BaseOf(in LinkWish wish) => Math.Max(wish.Sound.BitsPerSecond, wish.Base.BitsPerSecond);

    private static long WantedOf(in LinkWish wish) => Math.Max(BaseOf(wish), wish.Wanted.BitsPerSecond);
}

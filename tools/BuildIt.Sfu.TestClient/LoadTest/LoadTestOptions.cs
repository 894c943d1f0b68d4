namespace BuildIt.Sfu.TestClient.LoadTest;

/// <summary>What a load test does. Names and meanings follow <c>lk load-test</c> where it has them.</summary>
public sealed record LoadTestOptions
{
    public required Uri Url { get; init; }

    /// <summary>Where those who only subscribe arrive.</summary>
    public required Uri SubscriberUrl { get; init; }

    public required string ApiKey { get; init; }

    public required string ApiSecret { get; init; }

    public required string Room { get; init; }

    /// <summary>Measured time, after everybody has joined; zero runs until cancelled.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Time between the last join and the measured time.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(2);

    public int VideoPublishers { get; init; }

    public int AudioPublishers { get; init; }

    public int Subscribers { get; init; }

    public string IdentityPrefix { get; init; } = "load";

    /// <summary>Layers that publishers send: 1 (low) to 3 (high).</summary>
    public int Layers { get; init; } = 3;

    public bool Simulcast { get; init; } = true;

    /// <summary>Participants that join each second.</summary>
    public double NumPerSecond { get; init; } = 5;

    public Layout Layout { get; init; } = Layout.Speaker;

    public bool SimulateSpeakers { get; init; }

    /// <summary>Publishers subscribe as well, so that they are the room.</summary>
    public bool PublishersSubscribe { get; init; }

    /// <summary>/rtc with two connections instead of /rtc/v1 with one.</summary>
    public bool DualPeerConnection { get; init; }

    /// <summary>See <see cref="HeadlessOptions.DecryptOneIn"/>.</summary>
    public int DecryptOneIn { get; init; } = 1;

    /// <summary>Media threads.</summary>
    public int Loops { get; init; } = 1;
}

/// <summary>Which videos a subscriber shows, and how large.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Tiles">Most videos shown.</param>
/// <param name="Width">Size of each, in pixels.</param>
/// <param name="Height">Size of each, in pixels.</param>
/// <param name="LargeFirst">The first is shown at full size.</param>
public sealed record Layout(string Name, int Tiles, uint Width, uint Height, bool LargeFirst = false)
{
    public static readonly Layout Speaker = new("speaker", 6, 320, 180, LargeFirst: true);

    /// <summary>Everything at full size.</summary>
    public static readonly Layout Full = new("full", int.MaxValue, 1280, 720);

    /// <summary>Everything small.</summary>
    public static readonly Layout Small = new("small", int.MaxValue, 320, 180);

    public static IReadOnlyList<Layout> All { get; } =
        [Speaker, new("3x3", 9, 426, 240), new("4x4", 16, 320, 180), new("5x5", 25, 256, 144), Full, Small];

    /// <summary>Size of the tile at <paramref name="place"/> (from 0); zero when it is not shown.</summary>
    public (uint Width, uint Height) SizeOf(int place) =>
        place >= Tiles ? (0, 0) : LargeFirst && place == 0 ? (1280, 720) : (Width, Height);
}

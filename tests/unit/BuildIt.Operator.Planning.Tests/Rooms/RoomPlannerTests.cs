using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Rooms;

namespace BuildIt.Operator.Planning.Tests.Rooms;

public sealed class RoomPlannerTests
{
    private static readonly RoomObservation Served = new()
    {
        Room = "r",
        CreatedAt = Given.Now.AddHours(-1),
        Phase = RoomPhase.Ready,
        Instance = "a",
        PlacedAt = Given.Now.AddHours(-1),
        OwnerLiveness = Liveness.Alive,
        Occupancy = new RoomOccupancy(3, true, null),
    };

    private static readonly RoomObservation Gone = Served with { Phase = RoomPhase.Ended, Instance = null, EndedAt = Given.Now.AddMinutes(-10) };

    public static TheoryData<string, RoomObservation, RoomStep, RoomPhase> Cases => new()
    {
        { "served", Served, RoomStep.Keep, RoomPhase.Ready },
        { "new", Served with { Instance = null, Phase = RoomPhase.Pending, OwnerLiveness = null, Occupancy = null }, RoomStep.Place, RoomPhase.Pending },
        { "still recovering", Served with { Instance = null, Phase = RoomPhase.Recovering, Occupancy = null }, RoomStep.Place, RoomPhase.Recovering },
        { "pod dead", Served with { OwnerLiveness = Liveness.Dead }, RoomStep.FailOver, RoomPhase.Recovering },
        { "pod gone", Served with { OwnerLiveness = null, Occupancy = null }, RoomStep.FailOver, RoomPhase.Recovering },
        { "pod deleted", Served with { OwnerLiveness = Liveness.Leaving }, RoomStep.FailOver, RoomPhase.Recovering },
        { "process ended", Served with { OwnerLiveness = Liveness.Restarting, Occupancy = null }, RoomStep.Evade, RoomPhase.Recovering },
        { "process ended, drained", Served with { OwnerLiveness = Liveness.Restarting, OwnerMigrates = true }, RoomStep.Evade, RoomPhase.Recovering },
        { "pod suspect", Served with { OwnerLiveness = Liveness.Suspect, Occupancy = null }, RoomStep.Keep, RoomPhase.Ready },
        { "fleet doubted", Served with { OwnerLiveness = Liveness.Dead, OwnerHeld = true }, RoomStep.Keep, RoomPhase.Ready },
        { "pod drained", Served with { OwnerMigrates = true }, RoomStep.Migrate, RoomPhase.Migrating },
        { "moved, not taken yet", Served with { Phase = RoomPhase.Migrating, Occupancy = null }, RoomStep.Keep, RoomPhase.Migrating },
        { "moved and taken", Served with { Phase = RoomPhase.Migrating }, RoomStep.Keep, RoomPhase.Ready },
        { "failed over and taken", Served with { Phase = RoomPhase.Recovering }, RoomStep.Keep, RoomPhase.Ready },
        { "expired", Served with { ExpiresAt = Given.Now }, RoomStep.End, RoomPhase.Ended },
        { "not expired", Served with { ExpiresAt = Given.Now.AddSeconds(1) }, RoomStep.Keep, RoomPhase.Ready },
        { "expired while waiting", Served with { Instance = null, ExpiresAt = Given.Now }, RoomStep.End, RoomPhase.Ended },
        { "ended by request, with people in it", Served with { EndRequested = true }, RoomStep.End, RoomPhase.Ended },
        { "deleted", Served with { Deleting = true }, RoomStep.End, RoomPhase.Ended },
        { "ended", Gone, RoomStep.End, RoomPhase.Ended },
        { "ended, and not to be kept", Gone with { TtlAfterEnded = TimeSpan.FromMinutes(10) }, RoomStep.Delete, RoomPhase.Ended },
        { "ended, and not to be kept much longer", Gone with { TtlAfterEnded = TimeSpan.FromMinutes(10.1) }, RoomStep.End, RoomPhase.Ended },
        { "ended, which is not written yet", Gone with { EndedAt = null, TtlAfterEnded = TimeSpan.Zero }, RoomStep.End, RoomPhase.Ended },
        { "ended, not everywhere, and not to be kept", Served with { Phase = RoomPhase.Ended, EndedAt = Given.Now, TtlAfterEnded = TimeSpan.Zero }, RoomStep.Delete, RoomPhase.Ended },
        { "ended but not everywhere", Served with { Phase = RoomPhase.Ended }, RoomStep.End, RoomPhase.Ended },
        { "nobody came", Served with { PlacedAt = Given.Now.AddSeconds(-300), Occupancy = new RoomOccupancy(0, false, null) }, RoomStep.End, RoomPhase.Ended },
        { "nobody came yet", Served with { PlacedAt = Given.Now.AddSeconds(-299), Occupancy = new RoomOccupancy(0, false, null) }, RoomStep.Keep, RoomPhase.Ready },
        { "all left", Served with { Occupancy = new RoomOccupancy(0, true, Given.Now.AddSeconds(-20)) }, RoomStep.End, RoomPhase.Ended },
        { "all left just now", Served with { Occupancy = new RoomOccupancy(0, true, Given.Now.AddSeconds(-19)) }, RoomStep.Keep, RoomPhase.Ready },
        { "silent pod is not empty", Served with { PlacedAt = Given.Now.AddDays(-1), Occupancy = null }, RoomStep.Keep, RoomPhase.Ready },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_becomes_of_a_room(string name, RoomObservation room, RoomStep step, RoomPhase phase)
    {
        var decision = RoomPlanner.Plan(room, Given.Now);

        Assert.True((decision.Step, decision.Phase) == (step, phase), $"{name}: {decision}");
        Assert.NotEmpty(decision.Reason);
    }

    [Fact]
    public void The_next_timeout_is_a_deadline()
    {
        var room = Served with { ExpiresAt = Given.Now.AddHours(1), Occupancy = new RoomOccupancy(0, true, Given.Now.AddSeconds(-5)) };

        Assert.Equal(Given.Now.AddSeconds(15), RoomPlanner.Plan(room, Given.Now).NextDeadline);
    }

    [Fact]
    public void The_end_of_what_is_kept_is_a_deadline()
    {
        var ttl = TimeSpan.FromHours(1);

        Assert.Equal(Given.Now + ttl, RoomPlanner.Plan(Served with { ExpiresAt = Given.Now, TtlAfterEnded = ttl }, Given.Now).NextDeadline);
        Assert.Equal(Given.Now.AddMinutes(50), RoomPlanner.Plan(Gone with { TtlAfterEnded = ttl }, Given.Now).NextDeadline);
        Assert.Null(RoomPlanner.Plan(Gone, Given.Now).NextDeadline);
    }
}

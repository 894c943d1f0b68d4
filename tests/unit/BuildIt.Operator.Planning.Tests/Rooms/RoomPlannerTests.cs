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
        { "fleet held, pod dead", Served with { OwnerLiveness = Liveness.Dead, OwnerHeld = true, Occupancy = null }, RoomStep.FailOver, RoomPhase.Recovering },
        { "fleet held, pod gone", Served with { OwnerLiveness = null, OwnerHeld = true, Occupancy = null }, RoomStep.FailOver, RoomPhase.Recovering },
        { "fleet held, pod deleted", Served with { OwnerLiveness = Liveness.Leaving, OwnerHeld = true, Occupancy = null }, RoomStep.FailOver, RoomPhase.Recovering },
        { "fleet held, process ended", Served with { OwnerLiveness = Liveness.Restarting, OwnerHeld = true, Occupancy = null }, RoomStep.Evade, RoomPhase.Recovering },
        { "fleet held, pod drained", Served with { OwnerMigrates = true, OwnerHeld = true }, RoomStep.Keep, RoomPhase.Ready },
        { "fleet held, all well", Served with { OwnerHeld = true }, RoomStep.Keep, RoomPhase.Ready },
        { "fleet held, failed over and taken", Served with { OwnerHeld = true, Phase = RoomPhase.Recovering }, RoomStep.Keep, RoomPhase.Ready },
        { "fleet doubted", Served with { OwnerLiveness = Liveness.Suspect, OwnerHeld = true, Occupancy = null }, RoomStep.Keep, RoomPhase.Ready },
        { "pod drained", Served with { OwnerMigrates = true }, RoomStep.Migrate, RoomPhase.Migrating },
        { "asked to move", Served with { MoveTo = "b" }, RoomStep.Migrate, RoomPhase.Migrating },
        { "asked to move, fleet paused", Served with { MoveTo = "b", OwnerHeld = true }, RoomStep.Migrate, RoomPhase.Migrating },
        { "asked to move, pod drained", Served with { MoveTo = "b", OwnerMigrates = true }, RoomStep.Migrate, RoomPhase.Migrating },
        { "asked to move, pod dead", Served with { MoveTo = "b", OwnerLiveness = Liveness.Dead }, RoomStep.FailOver, RoomPhase.Recovering },
        { "asked to move, pod suspect", Served with { MoveTo = "b", OwnerLiveness = Liveness.Suspect, Occupancy = null }, RoomStep.Keep, RoomPhase.Ready },
        { "asked to move where it is", Served with { MoveTo = "a" }, RoomStep.Keep, RoomPhase.Ready },
        { "asked to move, ended", Gone with { MoveTo = "b" }, RoomStep.End, RoomPhase.Ended },
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
    public void A_room_whose_whole_fleet_is_silent_is_neither_called_ready_nor_lost()
    {
        var doubted = Served with { OwnerLiveness = Liveness.Suspect, OwnerHeld = true, Occupancy = null };
        Assert.True(RoomPlanner.Plan(doubted, Given.Now).IsDoubted);

        // One witness against one pod is no reason to doubt.
        Assert.False(RoomPlanner.Plan(doubted with { OwnerHeld = false }, Given.Now).IsDoubted);
        Assert.False(RoomPlanner.Plan(Served with { OwnerHeld = true }, Given.Now).IsDoubted);
    }

    [Fact]
    public void A_room_under_which_pods_die_again_and_again_gets_no_more_of_them()
    {
        var dying = Served with { OwnerLiveness = Liveness.Dead, Occupancy = null, Losses = Losses(-8, -5, -2, -1) };
        var decision = RoomPlanner.Plan(dying, Given.Now);
        Assert.Equal((RoomStep.Quarantine, RoomPhase.Quarantined, true), (decision.Step, decision.Phase, decision.IsLoss));
        Assert.Equal(RoomStep.Quarantine, RoomPlanner.Plan(dying with { OwnerLiveness = Liveness.Restarting }, Given.Now).Step);

        // Those of long ago do not count, nor those before somebody said that it is mended, nor what was no death.
        Assert.Equal(RoomStep.FailOver, RoomPlanner.Plan(dying with { Losses = Losses(-11, -5, -2, -1) }, Given.Now).Step);
        Assert.Equal(RoomStep.FailOver, RoomPlanner.Plan(dying with { ReleasedAt = Given.Now.AddMinutes(-4) }, Given.Now).Step);
        Assert.False(RoomPlanner.Plan(dying with { OwnerLiveness = Liveness.Leaving }, Given.Now).IsLoss);
        Assert.Equal(RoomStep.FailOver, RoomPlanner.Plan(dying with { OwnerLiveness = Liveness.Leaving }, Given.Now).Step);
    }

    [Fact]
    public void A_quarantine_ends_by_itself_or_by_a_person_and_is_renewed_by_the_first_death_after_it()
    {
        var until = Given.Now.AddMinutes(30);
        var quarantined = Gone with { Phase = RoomPhase.Quarantined, EndedAt = null, OwnerLiveness = null, Occupancy = null, Losses = Losses(-3, -2, -1, 0), QuarantinedUntil = until };
        var decision = RoomPlanner.Plan(quarantined, Given.Now);
        Assert.Equal((RoomStep.Quarantine, false, until), (decision.Step, decision.IsLoss, decision.NextDeadline!.Value));
        Assert.Equal((RoomStep.Place, RoomPhase.Recovering), (RoomPlanner.Plan(quarantined, until).Step, RoomPlanner.Plan(quarantined, until).Phase));
        Assert.Equal(RoomStep.Place, RoomPlanner.Plan(quarantined with { ReleasedAt = Given.Now.AddSeconds(1) }, Given.Now.AddSeconds(2)).Step);
        Assert.Equal(RoomStep.Quarantine, RoomPlanner.Plan(quarantined with { ReleasedAt = Given.Now.AddHours(-1) }, Given.Now.AddSeconds(2)).Step);
        Assert.Equal(RoomStep.End, RoomPlanner.Plan(quarantined with { Deleting = true }, Given.Now).Step);

        var later = until.AddMinutes(50);
        var again = Served with { OwnerLiveness = Liveness.Dead, Occupancy = null, Losses = quarantined.Losses, QuarantinedUntil = until };
        Assert.Equal(RoomStep.Quarantine, RoomPlanner.Plan(again, later).Step);
        Assert.Equal(RoomStep.FailOver, RoomPlanner.Plan(again with { ReleasedAt = Given.Now.AddSeconds(1) }, later).Step);
        Assert.Equal(RoomStep.FailOver, RoomPlanner.Plan(again, until + RestartIntensity.Probation).Step);
    }

    [Fact]
    public void A_room_that_waits_for_its_pod_to_start_again_counts_its_death_once()
    {
        var waiting = Served with { OwnerLiveness = Liveness.Restarting, Occupancy = null };
        Assert.True(RoomPlanner.Plan(waiting, Given.Now).IsLoss);
        waiting = waiting with { Phase = RoomPhase.Recovering, Losses = [Given.Now] };
        Assert.False(RoomPlanner.Plan(waiting, Given.Now.AddSeconds(5)).IsLoss);

        // It was moved meanwhile, and the next one died before it had taken the room.
        Assert.True(RoomPlanner.Plan(waiting with { PlacedAt = Given.Now.AddSeconds(1) }, Given.Now.AddSeconds(5)).IsLoss);
    }

    private static DateTimeOffset[] Losses(params int[] minutes) => [.. minutes.Select(at => Given.Now.AddMinutes(at))];

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

    [Fact]
    public void A_move_by_hand_goes_to_the_pod_that_was_named_and_a_drain_to_any()
    {
        Assert.Equal("b", RoomPlanner.Plan(Served with { MoveTo = "b", OwnerMigrates = true }, Given.Now).Target);
        Assert.Null(RoomPlanner.Plan(Served with { OwnerMigrates = true }, Given.Now).Target);
    }

    [Theory]
    [InlineData("a", RoomPhase.Ready, true, true)]
    [InlineData("a", RoomPhase.Migrating, true, true)]
    [InlineData("a", RoomPhase.Migrating, false, false)]
    [InlineData("b", RoomPhase.Ready, true, false)]
    [InlineData(null, RoomPhase.Ready, true, false)]
    public void A_wish_is_settled_once_the_pod_that_was_named_has_the_room(string? wish, RoomPhase phase, bool taken, bool settled) =>
        Assert.Equal(settled, RoomPlanner.Plan(Served with { MoveTo = wish, Phase = phase, Occupancy = taken ? Served.Occupancy : null }, Given.Now).IsWishSettled);
}

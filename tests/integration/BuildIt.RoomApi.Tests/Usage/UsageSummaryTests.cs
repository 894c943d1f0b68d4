using BuildIt.Operator.Api;
using BuildIt.RoomApi.Usage;
using k8s.Models;

namespace BuildIt.RoomApi.Tests.Usage;

public sealed class UsageSummaryTests
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(UsageGrouping.Room, "a 10,b 20,c 40")]
    [InlineData(UsageGrouping.Day, "2027-02-27 10,2027-02-28 20,2027-03-01 40")]
    [InlineData(UsageGrouping.Month, "2027-02 30,2027-03 40")]
    [InlineData(UsageGrouping.Total, "")]
    public void Rooms_are_summed_up_by_what_is_asked_for(UsageGrouping by, string groups)
    {
        var summary = UsageSummary.Of([Room("a", -2, 10), Room("b", -1, 20), Room("c", null, 40)], Now.AddDays(-10), Now.AddDays(1), by, Now);

        Assert.Equal(groups, string.Join(',', summary.Groups.Select(group => $"{group.Key} {group.ParticipantMinutes}")));
        Assert.Equal((3, 70, 70_000_000_000L, 70_000L, 7.0, "EUR"), (summary.Total.Rooms, summary.Total.ParticipantMinutes, summary.Total.EgressBytes, summary.Total.RelayBytes, summary.Total.Cost, summary.Total.Currency));
    }

    [Fact]
    public void Rooms_count_by_their_end_and_those_that_go_on_as_of_now()
    {
        ConferenceRoom[] rooms = [Room("a", -2, 10), Room("b", -1, 20), Room("c", null, 40)];
        Assert.Equal(20, UsageSummary.Of(rooms, Now.AddDays(-1), Now, UsageGrouping.Total, Now).Total.ParticipantMinutes);
        Assert.Equal(40, UsageSummary.Of(rooms, Now, Now.AddDays(1), UsageGrouping.Total, Now).Total.ParticipantMinutes);
    }

    [Fact]
    public void What_was_paid_in_several_currencies_has_no_sum()
    {
        var dollars = Room("b", -1, 20);
        dollars.Status = dollars.Status! with { Usage = dollars.Status.Usage! with { Currency = "USD" } };
        var total = UsageSummary.Of([Room("a", -2, 10), dollars], Now.AddDays(-10), Now, UsageGrouping.Total, Now).Total;

        Assert.Equal((null, null, 30.0), (total.Cost, total.Currency, total.ParticipantMinutes));
    }

    private static ConferenceRoom Room(string name, int? endedDaysAgo, int minutes) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Status = new ConferenceRoomStatus
        {
            EndedAt = endedDaysAgo is { } days ? Now.AddDays(days).UtcDateTime : null,
            Usage = new ConferenceUsage { ParticipantMinutes = minutes, EgressBytes = minutes * 1_000_000_000L, RelayBytes = minutes * 1_000L, Cost = minutes * 0.1, Currency = "EUR" },
        },
    };
}

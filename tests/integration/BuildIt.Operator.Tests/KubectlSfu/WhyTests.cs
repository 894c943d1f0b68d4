using BuildIt.KubectlSfu.Commands;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Runtime.Caching;
using k8s.Models;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>In which order the reasons for a room are told, without a cluster.</summary>
public sealed class WhyTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly ConferenceRoom Room = new() { Metadata = new() { Name = "standup", NamespaceProperty = "ns" } };

    [Fact]
    public void What_was_decided_again_stands_where_it_was_decided_last_with_how_often_and_since_when()
    {
        var journal = new RoomJournal();
        var key = new ObjectKey("ns", "standup");
        journal.Add(key, "Place", "it has no pod", Now);
        journal.Add(key, "Placed", "on a", Now.AddSeconds(1));
        journal.Add(key, "FailOver", "a is dead", Now.AddSeconds(2));
        journal.Add(key, "Placed", "on a", Now.AddSeconds(3));

        Assert.Equal(
            [
                "  12:00:00Z  Place: it has no pod",
                "  12:00:02Z  FailOver: a is dead",
                "  12:00:03Z  Placed: on a (2 times since 12:00:01Z)",
            ],
            Section("Decided", new RoomAccount { At = Now, Journal = journal.Read(key) }, []));
    }

    /// <summary>What the scheduler tells, for one, is counted in a series.</summary>
    [Fact]
    public void What_was_told_again_stands_where_it_was_told_last_in_whichever_way_it_was_counted() =>
        Assert.Equal(
            [
                "  12:00:02Z  Once: said",
                "  12:00:03Z  Counted: said (4 times since 12:00:01Z)",
                "  12:00:05Z  InSeries: said (7 times since 12:00:00Z)",
            ],
            Section(
                "Told", null,
                [
                    new Corev1Event
                    {
                        Metadata = new(), Reason = "InSeries", Message = "said", EventTime = Now.UtcDateTime,
                        Series = new Corev1EventSeries { Count = 7, LastObservedTime = Now.AddSeconds(5).UtcDateTime },
                    },
                    new Corev1Event
                    {
                        Metadata = new(), Reason = "Counted", Message = "said", Count = 4,
                        FirstTimestamp = Now.AddSeconds(1).UtcDateTime, LastTimestamp = Now.AddSeconds(3).UtcDateTime,
                    },
                    new Corev1Event { Metadata = new(), Reason = "Once", Message = "said", EventTime = Now.AddSeconds(2).UtcDateTime },
                ]));

    private static IEnumerable<string> Section(string title, RoomAccount? account, IReadOnlyList<Corev1Event> events)
    {
        using var output = new StringWriter();
        WhyCommand.Write(output, WhyView.Of(Room, account, events));
        return output.ToString().Split(output.NewLine).SkipWhile(line => line != $"{title}:").Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal));
    }
}

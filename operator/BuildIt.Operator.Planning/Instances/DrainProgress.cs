using System.Globalization;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Members;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Instances;

/// <summary>Takes a drain that has begun to its end.</summary>
internal static class DrainProgress
{
    /// <summary>The next step for a pod that is being drained; null while it has to be waited for.</summary>
    public static InstanceAction? Next(Member member, DateTimeOffset now, Deadlines deadlines)
    {
        var instance = member.Instance;
        if (IsEmpty(member))
        {
            return new InstanceAction(InstanceActionKind.Delete, member.Name, "it is drained and empty");
        }

        // A record without a deadline is damaged; its drain is over at once rather than never.
        var deadline = instance.DrainDeadline ?? instance.DrainStartedAt!.Value;
        if (now < deadline)
        {
            deadlines.Add(deadline);
            return null;
        }

        if (instance.ReconnectAskedAt is not { } asked)
        {
            return new InstanceAction(InstanceActionKind.Reconnect, member.Name, Invariant(
                $"its drain deadline is over with {instance.Load?.Participants ?? 0} participants left"));
        }

        if (now < asked + DrainPolicy.ReconnectGrace)
        {
            deadlines.Add(asked + DrainPolicy.ReconnectGrace);
            return null;
        }

        return new InstanceAction(InstanceActionKind.Delete, member.Name, "its drain deadline is over and its clients were asked to reconnect");
    }

    private static bool IsEmpty(Member member)
    {
        var instance = member.Instance;
        if (member.NeverServed)
        {
            return true;
        }

        if (instance.IsBusy || member.Liveness is Liveness.Suspect)
        {
            return false;
        }

        return instance.ReportsDrained || instance.LastHeartbeat >= instance.DrainStartedAt + DrainPolicy.Settle;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

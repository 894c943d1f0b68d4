using System.CommandLine;
using System.Text.Json.Nodes;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Moves a room to a pod.</summary>
internal static class MoveCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create(GlobalOptions options)
    {
        var room = new Argument<string>("ROOM") { Description = "The room" };
        var to = new Option<string>("--to") { Description = "The pod it is to go to", Required = true };
        var wait = new Option<bool>("--wait") { Description = "Wait until it is there, or it is said why it does not go" };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait at most", DefaultValueFactory = _ => 60 };
        var command = new Command("move", "Move a room to a pod, while those in it stay connected") { room, to, wait, timeout };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var (name, pod) = (parsed.GetValue(room)!, parsed.GetValue(to)!);
            var found = await session.Api.GetAsync<ConferenceRoom>(session.Namespace, name, "kubectl sfu rooms lists them", cancellation).ConfigureAwait(false);
            if (found.Status?.Phase is RoomPhase.Ended)
            {
                throw new CommandFault($"{name} has ended");
            }

            if (found.Status?.Assignments.FirstOrDefault(seat => seat.Role is AssignmentRole.Origin)?.Instance == pod)
            {
                session.Terminal.Note($"{name} is on {pod} already");
                return 0;
            }

            var pods = await session.Api.ListAsync<V1Pod>(session.Namespace, cancellation, selector: FleetPods.Selector).ConfigureAwait(false);
            if (pods.All(each => each.Metadata.Name != pod))
            {
                throw new CommandFault($"no fleet of the namespace {session.Namespace} has a pod {pod}; kubectl sfu top lists them");
            }

            var asked = session.Now;
            await session.Api.PatchAsync<ConferenceRoom>(
                session.Namespace, name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [SfuApi.MoveTo] = pod } } }, cancellation).ConfigureAwait(false);
            if (!parsed.GetValue(wait))
            {
                session.Terminal.Note($"{name} is asked to move to {pod}; kubectl sfu room {name} shows how that goes");
                return 0;
            }

            await WaitAsync(session, name, pod, asked, TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation).ConfigureAwait(false);
            session.Terminal.Note($"{name} is on {pod}");
            return 0;
        });
        return command;
    }

    private static async Task WaitAsync(Session session, string name, string pod, DateTimeOffset asked, TimeSpan timeout, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Pause, session.Clock);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            var room = await session.Api.GetAsync<ConferenceRoom>(session.Namespace, name, "it was deleted meanwhile", cancellation).ConfigureAwait(false);
            if (room.Metadata.Annotations?.ContainsKey(SfuApi.MoveTo) != true)
            {
                if (room.Status?.Assignments.FirstOrDefault(seat => seat.Role is AssignmentRole.Origin)?.Instance == pod)
                {
                    return;
                }

                var events = await session.Api.ListAsync<Corev1Event>(session.Namespace, cancellation, fields: $"involvedObject.name={name},reason=MoveRefused").ConfigureAwait(false);
                throw new CommandFault($"{name} does not move: {events.Select(EventRow.Of).OrderBy(each => each.At).LastOrDefault()?.Message ?? "somebody took the wish back"}");
            }

            if (session.Now - asked > timeout)
            {
                throw new CommandFault($"{name} has not moved within {timeout.TotalSeconds:0} s; the wish stands. kubectl sfu why {name} tells the reasons; kubectl annotate room {name} {SfuApi.MoveTo}- takes it back");
            }
        }
    }
}

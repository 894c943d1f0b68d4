using System.CommandLine;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>All rooms.</summary>
internal static class RoomsCommand
{
    public static Command Create(GlobalOptions options)
    {
        var ended = new Option<bool>("--ended") { Description = "Those that have ended, too" };
        var command = new Command("rooms", "List rooms: where each is, with how many people, and how it goes") { ended };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var rooms = (await session.Api.ListAsync<ConferenceRoom>(session.Listed, cancellation).ConfigureAwait(false))
                .Where(room => parsed.GetValue(ended) || room.Status?.Phase is not RoomPhase.Ended)
                .Select(RoomRow.Of).OrderByDescending(room => room.Participants).ThenBy(room => room.Name, StringComparer.Ordinal).ToList();
            session.Terminal.Print(rooms, output =>
            {
                var table = new TextTable("ROOM", "PHASE", "POD", "REGION", "PEOPLE", "PUBLISHING", "MOVES", "AGE", "WHY");
                foreach (var room in rooms)
                {
                    table.Add(
                        $"{room.Namespace}/{room.Name}", room.Phase, room.Pods.Count > 1 ? $"{room.Pods[0]} +{room.Pods.Count - 1}" : room.Pods.FirstOrDefault() ?? "-", room.Region ?? "-",
                        Words.Number(room.Participants), Words.Number(room.Publishers), Words.Number(room.Generation - 1 < 0 ? 0 : room.Generation - 1),
                        room.CreatedAt is { } at ? Words.Span(session.Now - at) : "-", room.Ready ? string.Empty : room.Message ?? string.Empty);
                }

                table.Write(output);
            });
            return 0;
        });
        return command;
    }
}

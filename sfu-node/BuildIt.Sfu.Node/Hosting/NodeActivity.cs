using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>What the rooms of this node amount to. Refreshed once a second from the loops; reading is cheap. Thread-safe.</summary>
public sealed class NodeActivity(RoomDirectory rooms, MediaServer media) : INodeActivity
{
    private volatile IReadOnlyList<RoomReport> _reports = [];

    public int Rooms => _reports.Count;

    public int Participants => _reports.Sum(report => report.Participants);

    public int Publishers => _reports.Sum(report => report.Publishers);

    public int Subscribers => _reports.Sum(report => report.Subscribers);

    public long BytesReceived => media.Loops.Sum(loop => loop.Statistics.BytesReceived);

    public long BytesSent => media.Loops.Sum(loop => loop.Statistics.BytesSent);

    public IReadOnlyList<RoomReport> Reports() => _reports;

    /// <summary>Asks every room for its report.</summary>
    public async Task RefreshAsync()
    {
        var reports = new List<RoomReport>();
        foreach (var room in rooms.Open)
        {
            reports.Add(await room.InvokeAsync((core, _) => Report(core)));
        }

        _reports = reports;
    }

    public void ReconnectEverybody()
    {
        foreach (var room in rooms.Open)
        {
            // The outcome of each is seen in the next reports; a room that ends meanwhile has nobody left to ask.
            _ = room.InvokeAsync((core, now) => core.SendAway(int.MaxValue, DisconnectReason.ServerShutdown, LeaveAction.Reconnect, now));
        }
    }

    private static RoomReport Report(RoomCore core)
    {
        var info = core.Info();
        return new RoomReport
        {
            Room = new RoomId(core.Options.Name),
            Generation = 0,
            Participants = core.ParticipantCount,
            Publishers = (int)info.NumPublishers,
            Subscribers = core.ParticipantCount,
            EndToEndEncrypted = core.Options.E2eeRequired,
        };
    }
}

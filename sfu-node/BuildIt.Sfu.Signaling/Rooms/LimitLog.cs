using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Writes to the log who is held back, by session and not by name.</summary>
internal sealed partial class LimitLog(ILogger<LimitLog> log) : IRoomObserver
{
    public void OnLimited(ParticipantSid participant, ClientLimit limit) => LogLimited(log, participant.Value, limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Participant {Participant} is held back: beyond its limit of {Limit}")]
    private static partial void LogLimited(ILogger log, string participant, ClientLimit limit);
}

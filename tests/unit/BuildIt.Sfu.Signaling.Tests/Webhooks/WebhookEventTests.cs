using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Webhooks;

namespace BuildIt.Sfu.Signaling.Tests.Webhooks;

public class WebhookEventTests
{
    private static readonly Signaling.Protocol.Room Room = new() { Name = "r" };
    private static readonly ParticipantInfo Alice = new() { Identity = "alice" };
    private static readonly TrackInfo Track = new() { Sid = "TR_1" };

    public static TheoryData<RoomEvent, WebhookEvent> Posted => new()
    {
        { new RoomEvent.Started(Room), new WebhookEvent { Event = "room_started", Room = Room } },
        {
            new RoomEvent.Finished(Room, RoomEndReason.RoomEndApiDelete),
            new WebhookEvent { Event = "room_finished", Room = Room, RoomEndReason = RoomEndReason.RoomEndApiDelete }
        },
        { new RoomEvent.ParticipantJoined(Room, Alice), new WebhookEvent { Event = "participant_joined", Room = Room, Participant = Alice } },
        { new RoomEvent.ParticipantLeft(Room, Alice), new WebhookEvent { Event = "participant_left", Room = Room, Participant = Alice } },
        {
            new RoomEvent.ParticipantAborted(Room, Alice),
            new WebhookEvent { Event = "participant_connection_aborted", Room = Room, Participant = Alice }
        },
        {
            new RoomEvent.TrackPublished(Room, Alice, Track),
            new WebhookEvent { Event = "track_published", Room = Room, Participant = Alice, Track = Track }
        },
        {
            new RoomEvent.TrackUnpublished(Room, Alice, Track),
            new WebhookEvent { Event = "track_unpublished", Room = Room, Participant = Alice, Track = Track }
        },
    };

    [Theory]
    [MemberData(nameof(Posted))]
    public void An_event_is_posted_under_the_name_that_receivers_know(RoomEvent happened, WebhookEvent expected) =>
        Assert.Equal(expected, WebhookEvents.Of(happened));

    [Fact]
    public void There_are_no_events_but_those() => Assert.Equal(
        typeof(RoomEvent).GetNestedTypes().Where(type => !type.IsAbstract).Select(type => type.Name).Order(),
        Posted.Select(row => row[0].GetType().Name).Order());
}

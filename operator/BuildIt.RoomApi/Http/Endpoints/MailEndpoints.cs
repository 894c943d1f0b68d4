using System.Text.Json;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Http.Streams;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Registry.Mail;
using BuildIt.RoomApi.Telemetry;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>Gift wraps between those whom a room lets in, where there is no Nostr relay.</summary>
public sealed class MailEndpoints(RoomCalls calls, Mailboxes boxes, RequestGate gate, Pseudonyms names, RoomApiMetrics metrics)
{
    /// <summary>Events from one address in a minute: each costs a verification.</summary>
    private const int AddressLimit = 600;

    /// <summary>KiB from one address in an hour.</summary>
    private const int AddressSizeLimit = 64 << 10;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms/{id}/mailbox", (Delegate)PutAsync)
            .Guarded(GatePolicy.SignedOrToken, "putMail", "Leaves gift wraps (NIP-59) for the keys in their p tags, whether these have joined yet or not.", GiftWraps.MaxBody)
            .Takes<MailRequest>(optional: false)
            .Gives<MailPutResponse>()
            .AboutRoom();
        app.MapGet("/v1/rooms/{id}/mailbox", (Delegate)ReadAsync)
            .Guarded(GatePolicy.SignedOrToken, "readMail", "Reads the gift wraps that wait for the caller: ?after= the cursor of the last answer.")
            .Gives<MailListResponse>()
            .Refuses(400)
            .AboutRoom();
    }

    private async Task<IResult> PutAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var wraps = GiftWraps.Read(context.ReadBody<MailRequest>());
        await LimitAsync(context, call, wraps);
        GiftWraps.RequireAuthentic(wraps);
        var from = call.Caller.Address is { } address ? names.For("mail-address", TrustedProxies.ShareScope(address)) : new string('0', 32);
        var room = RoomCalls.LogOf(call.Room);
        var (delivered, refused) = (new List<string>(), new List<string>());
        foreach (var wrap in wraps)
        {
            var outcome = await boxes.PutAsync(room, names.Participant(id, wrap.Recipient), from, wrap.Event.Id, wrap.Json, context.RequestAborted);
            metrics.Mail.WithLabels(outcome.ToString().ToLowerInvariant()).Inc();
            (outcome == MailOutcome.Put ? delivered : refused).Add(Convert.ToHexStringLower(wrap.Event.Id.Span));
        }

        return Answer(new MailPutResponse { Delivered = delivered, Refused = refused });
    }

    private async Task<IResult> ReadAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var after = context.Request.Query["after"] switch
        {
            { Count: 0 } => new StreamCursor("none", 0),
            [{ } text] when StreamCursor.Read(text) is { } known => known,
            _ => throw ApiProblem.BadRequest("after must be the cursor that an answer before gave."),
        };
        var page = await boxes.ReadAsync(RoomCalls.LogOf(call.Room), call.Me, after.Incarnation!, after.Epoch, context.RequestAborted);
        return Answer(new MailListResponse
        {
            Cursor = page.Last is { } last ? new StreamCursor(page.Incarnation, last).ToString() : null,
            More = page.More,
            Messages =
            [
                .. page.Items.Select(item => new MailMessage
                {
                    At = item.At.ToUnixTimeMilliseconds(),
                    Event = JsonSerializer.Deserialize<JsonElement>(item.Event.Span),
                }),
            ],
        });
    }

    private async Task LimitAsync(HttpContext context, RoomCall call, IReadOnlyList<GiftWrap> wraps)
    {
        var address = call.Caller.Address;
        await gate.LimitAddressAsync(
            address, "mail-address", AddressLimit, TimeSpan.FromMinutes(1), "gift wraps from this address", context.RequestAborted, wraps.Count);
        await gate.LimitAddressAsync(
            address,
            "mail-bytes-address",
            AddressSizeLimit,
            TimeSpan.FromHours(1),
            "bytes of gift wraps from this address",
            context.RequestAborted,
            wraps.Sum(wrap => (wrap.Json.Length + 1023) / 1024));
    }
}

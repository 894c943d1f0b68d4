using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Signaling.Api;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// The parent's side of a link: a node that the route makes its child is let in, and nobody else, whatever the registry says.
/// </summary>
internal static partial class LinkEndpoints
{
    public static void MapLinks(this IEndpointRouteBuilder routes) => routes.MapPost(LinkRequest.Path, AcceptAsync);

    /// <summary>The operator's orders, on the control port.</summary>
    public static void MapLinkOrders(this IEndpointRouteBuilder routes) => routes.MapPut(NodePaths.Links, async (HttpContext context, RequestBodies bodies, OrderedLinks links, LinkBounds bounds) =>
    {
        var (body, fault) = await bodies.ReadAsync(context.Request, ControlEndpoints.MaxBody);
        if (fault != BodyFault.None || !ContractJson.TryRead(body, ContractJson.Default.LinkOrders, out var orders))
        {
            return Results.Text("The body must be the JSON of the links to keep.\n", statusCode: StatusCodes.Status400BadRequest);
        }

        bounds.Take(orders.Allowances);
        await links.ApplyAsync(orders, context.RequestAborted);
        return Results.NoContent();
    });

    private static async Task<IResult> AcceptAsync(
        HttpContext context,
        RequestBodies bodies,
        RouteTable table,
        RouteFinder finder,
        RoomKeeper keeper,
        RelayCertificates certificates,
        OrderedLinks ordered,
        LinkBounds bounds,
        ILogger<LinkRequest> logger)
    {
        var (body, fault) = await bodies.ReadAsync(context.Request, LinkRequest.MaxBody);
        if (fault != BodyFault.None || !ContractJson.TryRead(body, LinkJson.Default.LinkRequest, out var request)
            || request.Room.Length > RoomId.MaxLength || request.Node.Length is 0 or > RoomId.MaxLength)
        {
            return Refuse(StatusCodes.Status400BadRequest, "the body is no request for a link");
        }

        var child = new NodeId(request.Node);
        if (request.Room.Length == 0)
        {
            return await AcceptOrderedAsync(context, request, child, ordered, certificates, logger);
        }

        var room = new RoomId(request.Room);
        if (!table.TryFind(room, out var route) || IsOlder(route, request))
        {
            await finder.LookUpAsync(room, context.RequestAborted);
        }

        if (!table.TryFind(room, out route) || route.SeatOf(child) is not { } seat || seat.Parent != table.Self)
        {
            // It may have heard of a route that has not come here yet.
            return Refuse(StatusCodes.Status409Conflict, "the route that is known here does not make this node its parent");
        }

        if (!certificates.IsOf(seat, context.Connection.ClientCertificate))
        {
            LogRefused(logger, child, room);
            return Refuse(StatusCodes.Status403Forbidden, "the certificate is not that of the node which has the seat");
        }

        if (await keeper.ApplyAsync(room, context.RequestAborted) is not { } host)
        {
            return Refuse(StatusCodes.Status409Conflict, "the room is not served here");
        }

        return await OpenAsync(host, new RoomLinkOptions(child.Value, IsChild: false) { Fleet = seat.Cluster, Bound = bounds.Of(seat.Cluster, seat) }, request, logger);
    }

    /// <summary>A link without a room, which both nodes were ordered to keep.</summary>
    private static async Task<IResult> AcceptOrderedAsync(
        HttpContext context, LinkRequest request, NodeId child, OrderedLinks ordered, RelayCertificates certificates, ILogger logger)
    {
        if (ordered.Find(child) is not { } link)
        {
            return Refuse(StatusCodes.Status409Conflict, "no link to that node was ordered here");
        }

        if (!certificates.IsOf(link.Peer, context.Connection.ClientCertificate))
        {
            LogRefusedOrder(logger, child);
            return Refuse(StatusCodes.Status403Forbidden, "the certificate is not that of the node which the order names");
        }

        return await OpenAsync(link.Host, new RoomLinkOptions(child.Value, IsChild: false) { ProbeInterval = link.Interval, Fleet = link.Peer.Cluster }, request, logger);
    }

    private static async Task<IResult> OpenAsync(RoomHost host, RoomLinkOptions options, LinkRequest request, ILogger logger)
    {
        var (address, error) = await host.InvokeAsync((core, now) => Open(core, options, request.Address.ToMedia(), Changed, now));
        return error is null
            ? Results.Json(LinkAddress.Of(address!), LinkJson.Default.LinkAddress)
            : Refuse(StatusCodes.Status400BadRequest, error);

        void Changed(RoomLink link, Instant now)
        {
            if (link is { IsClosed: true, Failure: RelayFailure.Flood })
            {
                LogFlood(logger, options.Node, host.Name);
            }
        }
    }

    private static (RelayAddress? Address, string? Error) Open(
        RoomCore core, RoomLinkOptions options, RelayAddress child, Action<RoomLink, Instant> changed, Instant now)
    {
        // A child that asks again has lost the link that it had.
        foreach (var old in core.Links.Where(link => link.Options.Node == options.Node).ToArray())
        {
            old.Close(now);
        }

        var link = core.OpenLink(options, changed, now);
        if (link.Connect(child, now) is not { } error)
        {
            return (link.Local, null);
        }

        link.Close(now);
        return (null, error);
    }

    private static bool IsOlder(RoomRoute route, LinkRequest request) =>
        (route.Generation, route.Revision).CompareTo((request.Generation, request.Revision)) < 0;

    private static IResult Refuse(int status, string reason) =>
        Results.Json(new LinkRefusal { Reason = reason }, LinkJson.Default.LinkRefusal, statusCode: status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} was refused a link that was ordered: its certificate is not the one of the order")]
    private static partial void LogRefusedOrder(ILogger logger, NodeId node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} said more of room {Room} than a room can have to say; its link was ended")]
    private static partial void LogFlood(ILogger logger, string node, string room);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} was refused a link for room {Room}: its certificate is not the one of the seat")]
    private static partial void LogRefused(ILogger logger, NodeId node, RoomId room);
}

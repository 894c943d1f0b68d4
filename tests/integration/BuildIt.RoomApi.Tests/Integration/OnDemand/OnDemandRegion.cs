using System.Collections.Concurrent;
using System.Globalization;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Tests.Integration.OnDemand;

/// <summary>Two real nodes that have rooms created by a real room-api; the rooms are given to the first node.</summary>
public sealed class OnDemandRegion(RoomApiFixture api) : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, long> _generations = new();

    internal RegionNode Owner { get; private set; } = null!;

    internal RegionNode Other { get; private set; } = null!;

    internal string RoomApi => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{api.A.OperationsPort}");

    public async Task InitializeAsync()
    {
        var nodes = await Task.WhenAll(RegionNode.StartAsync("owner", api, RoomApi), RegionNode.StartAsync("other", api, RoomApi));
        (Owner, Other) = (nodes[0], nodes[1]);
        api.Operator.Publish = room => PublishAsync(room, RoomRouteState.Serving);
        await ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        api.Operator.Publish = _ => Task.CompletedTask;
        await Owner.DisposeAsync();
        await Other.DisposeAsync();
    }

    /// <summary>The registry has all routes, and both nodes report: other tests may have emptied it.</summary>
    internal async Task ReadyAsync()
    {
        await api.Database.StringSetAsync(api.Keys.Epoch, "1");
        await RoomApiFixture.EventuallyAsync(async () => await api.Database.KeyExistsAsync(api.Keys.Node(Owner.Id)) && await api.Database.KeyExistsAsync(api.Keys.Node(Other.Id)));
    }

    /// <summary>Ends the first node as a crash would, starts it again under its name, and gives it a room back.</summary>
    internal async Task RestartOwnerAsync(string room)
    {
        await Owner.DisposeAsync();
        Owner = await RegionNode.StartAsync(Owner.Id.Value, api, RoomApi);
        await PublishAsync(room, RoomRouteState.Serving);
    }

    /// <summary>Ends a room as the operator does, object and route.</summary>
    internal async Task EndAsync(string room)
    {
        await api.EndAsync(room);
        await PublishAsync(room, RoomRouteState.Ended);
    }

    private async Task PublishAsync(string room, RoomRouteState state)
    {
        var route = new RoomRoute
        {
            Room = new RoomId(room),
            Node = Owner.Id,
            Generation = _generations.AddOrUpdate(room, 1, (_, last) => last + 1),
            Endpoint = Owner.Signal.ToString(),
            State = state,
        };
        await api.Database.StringSetAsync(api.Keys.Route(route.Room), ContractJson.Write(route, ContractJson.Default.RoomRoute));
        await api.Database.PublishAsync(RedisChannel.Literal(api.Keys.RouteChanges), room);
    }
}

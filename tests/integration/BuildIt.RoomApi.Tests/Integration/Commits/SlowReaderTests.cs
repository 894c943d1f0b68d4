using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

/// <summary>Readers who take nothing cost the others nothing, and are given up.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class SlowReaderTests(RoomApiFixture api)
{
    [Fact]
    public async Task Readers_who_do_not_read_hold_nobody_up_and_are_given_up()
    {
        const int Commits = 40;
        await using var replica = await api.StartReplicaAsync();
        var host = new NostrSigner();
        var room = await CommitRoom.CreateAsync(api, host);
        var incarnation = await room.IncarnationAsync(host);
        var silent = new List<Socket>();
        for (var i = 0; i < 6; i++)
        {
            silent.Add(await OpenAsync(replica, room, new NostrSigner()));
        }

        using var reader = await EventReader.OpenAsync(replica, room, new NostrSigner());
        await reader.NextAsync("log");
        await RoomApiFixture.EventuallyAsync(async () => await StreamsAsync(replica) == silent.Count + 1);

        // Together more than any socket keeps.
        var sent = Enumerable.Range(0, Commits).Select(_ => RandomNumberGenerator.GetBytes(CommitLimits.MaxCommit)).ToList();
        for (var epoch = 0; epoch < Commits; epoch++)
        {
            (await room.PostAsync(host, incarnation, epoch, sent[epoch])).Expect(HttpStatusCode.Created);
            await reader.ExpectAsync(epoch, sent[epoch]);
        }

        await RoomApiFixture.EventuallyAsync(async () => await StreamsAsync(replica) == 1, TimeSpan.FromMinutes(2));
        (await room.PostAsync(host, incarnation, Commits, [1])).Expect(HttpStatusCode.Created);
        await reader.ExpectAsync(Commits, [1]);
        silent.ForEach(socket => socket.Dispose());
    }

    private static async Task<Socket> OpenAsync(Replica replica, CommitRoom room, NostrSigner who)
    {
        var path = $"{room.Path}/commits/stream";
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, replica.Port);
        var authorization = who.Header("GET", Replica.PublicUrl + path, [], DateTimeOffset.UtcNow);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: {authorization}\r\n\r\n"));
        return socket;
    }

    private static async Task<int> StreamsAsync(Replica replica)
    {
        const string Name = "buildit_roomapi_streams ";
        var metrics = await replica.OperationsAsync("/metrics");
        return int.Parse(metrics.Split('\n').First(line => line.StartsWith(Name, StringComparison.Ordinal))[Name.Length..], CultureInfo.InvariantCulture);
    }
}

using System.Security.Cryptography;
using System.Text;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing;
using Google.Protobuf;
using StackExchange.Redis;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>
/// A known picture, tone and message go through a real node. Its forwarded packets, memory, log, Redis and the network are searched for
/// them; and once more without encryption, to know that the search finds what is there.
/// </summary>
public sealed class CanaryTests
{
    private const string Listener = "canary-listener";
    private const string Room = "canary-room";
    private const string NodeName = "canary-node";
    private const string Scope = "canary";
    private const uint Epoch = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task Encrypted_they_are_nowhere()
    {
        var found = await SearchAsync(encrypted: true);
        Assert.True(found.Opened > 50, $"only {found.Opened} packets of the tone could be opened with the key");
        Assert.Empty(found.Forwarded);
        Assert.Empty(found.Memory);
        Assert.Empty(found.Log);
        Assert.Empty(found.Redis);
        Assert.Empty(found.Network);
    }

    [RootFact]
    public async Task Without_encryption_the_same_search_finds_all_of_them()
    {
        var found = await SearchAsync(encrypted: false);
        Assert.Equal(CanarySearch.Kinds, found.Forwarded);
        Assert.Equal(CanarySearch.Kinds, found.Memory);
        // What the node writes down, and what is on the network, holds none of them either way: SRTP and DTLS cover the network.
        Assert.Empty(found.Log);
        Assert.Empty(found.Redis);
        Assert.Empty(found.Network);
    }

    private static async Task<Findings> SearchAsync(bool encrypted)
    {
        var text = $"the canary sings {Guid.NewGuid()}";
        var key = RandomNumberGenerator.GetBytes(32);
        var search = new CanarySearch(text);
        if (encrypted)
        {
            search.Add("key", key);
        }

        await using var redis = await RedisServer.StartNewAsync();
        await using var node = await SfuNode.StartAsync(new Dictionary<string, string?>
        {
            [NodeEnvironment.Instance] = NodeName,
            [NodeEnvironment.Namespace] = Scope,
            [NodeEnvironment.Cluster] = "fleet",
            [NodeEnvironment.Region] = "test",
            [NodeEnvironment.RedisAddresses] = redis.Address,
        });
        if (!node.IsCascade)
        {
            await PlaceAsync(redis, node, encrypted);
        }

        // Between nodes it goes from ports of its own, and is SRTP and DTLS as well.
        var registry = node.Registry ?? redis;
        await using var capture = new LoopbackCapture([.. node.Ports, registry.Port]);
        using var network = new HeadlessNetwork();
        using var cipher = new AesGcm(key, ConferenceFrame.TagLength);
        var forwarded = new Forwarded(cipher);
        await using var listener = await JoinAsync(Listener, null, forwarded.Add);
        listener.DataReceived += (_, packet) => forwarded.Add(packet.ToByteArray());
        await using var sender = await JoinAsync("canary-sender", encrypted ? new ConferenceFrameKey(key, Epoch) : null, null);
        await sender.PublishVideoAsync(new VideoPublication { Layers = 1, Simulcast = false });
        await sender.PublishAudioAsync();

        // The picture repeats after two seconds; all of it has passed after four.
        using var limit = new CancellationTokenSource(Patience);
        var salt = 0u;
        while ((await listener.GetStatisticsAsync()).Received.Count(track => track.Frames > (track.Kind == Sfu.Media.Sdp.MediaKind.Video ? 60 : 200)) < 2)
        {
            await SayAsync(salt++);
            await Task.Delay(100, limit.Token);
        }

        var memory = new SortedSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 3; round++)
        {
            await SayAsync(salt++);
            foreach (var process in node.Processes)
            {
                var (found, bytes) = search.FindInMemory(process.Id);
                Assert.True(bytes > 50 << 20, $"only {bytes} bytes of the node's memory could be read");
                memory.UnionWith(found);
            }
        }

        var dump = await DumpAsync(registry);
        Assert.True(dump.AsSpan().IndexOf(Encoding.ASCII.GetBytes(node.IsCascade ? "node-0" : NodeName)) >= 0, "the dump of Redis does not even hold the node's name");
        var passed = capture.ToArray();
        Assert.True(passed.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Listener)) >= 0, "the capture does not even hold the listener's name");
        var log = node.Log();
        Assert.Contains("Serving", log, StringComparison.Ordinal);
        return new Findings([.. search.Find(forwarded.ToArray())], memory, [.. search.Find(Encoding.UTF8.GetBytes(log))], [.. search.Find(dump)], [.. search.Find(passed)], forwarded.Opened);

        Task<HeadlessParticipant> JoinAsync(string identity, IFrameKey? frames, PacketHandler? received) => HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(node.HttpUrl),
            Token = SfuNode.Token(Room, identity),
            Network = network,
            Key = frames,
            PacketReceived = received,
        });

        Task SayAsync(uint instance)
        {
            var said = new UserPacket { Payload = ByteString.CopyFromUtf8(text) };
            return sender.SendDataAsync(encrypted
                ? new DataPacket { EncryptedPacket = ConferenceMessage.Seal(cipher, Epoch, instance, 0, new EncryptedPacketPayload { User = said }.ToByteArray()) }
                : new DataPacket { User = said });
        }
    }

    // As the operator does.
    private static async Task PlaceAsync(RedisServer redis, SfuNode node, bool encrypted)
    {
        var keys = new RegistryKeys(Scope);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var database = connection.GetDatabase();
        await database.StringSetAsync(keys.Epoch, "1");
        var route = new RoomRoute
        {
            Room = new RoomId(Room),
            Node = new NodeId(NodeName),
            Generation = 1,
            Endpoint = node.HttpUrl,
            Limits = RoomLimits.Default with { E2eeRequired = encrypted },
            State = RoomRouteState.Serving,
        };
        await database.StringSetAsync(keys.Route(route.Room), ContractJson.Write(route, ContractJson.Default.RoomRoute));
        await database.PublishAsync(RedisChannel.Literal(keys.RouteChanges), Room);
    }

    // Every key with what it holds, as Redis would write it to a disk; uncompressed, so that it can be searched.
    private static async Task<byte[]> DumpAsync(RedisServer redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { redis.Address }, AllowAdmin = true });
        var server = connection.GetServer(redis.Address);
        await server.ConfigSetAsync("rdbcompression", "no");
        using var dump = new MemoryStream();
        await foreach (var key in server.KeysAsync())
        {
            dump.Write((byte[])key!);
            dump.Write(await connection.GetDatabase().KeyDumpAsync(key));
        }

        return dump.ToArray();
    }

    private sealed record Findings(
        IReadOnlyCollection<string> Forwarded,
        IReadOnlyCollection<string> Memory,
        IReadOnlyCollection<string> Log,
        IReadOnlyCollection<string> Redis,
        IReadOnlyCollection<string> Network,
        int Opened);

    /// <summary>What the node forwards, out of SRTP and DTLS. Called on the media loop.</summary>
    private sealed class Forwarded(AesGcm cipher)
    {
        private const int Limit = 32 << 20;

        private readonly MemoryStream _bytes = new();

        public int Opened { get; private set; }

        public void Add(ReadOnlySpan<byte> packet)
        {
            lock (_bytes)
            {
                if (_bytes.Length < Limit)
                {
                    _bytes.Write(packet);
                }

                if (Sfu.Media.Rtp.RtpPacketView.TryParse(packet, out var view) && ConferenceFrame.Open(cipher, TrackSource.Microphone, view.Payload) is not null)
                {
                    Opened++;
                }
            }
        }

        public byte[] ToArray()
        {
            lock (_bytes)
            {
                return _bytes.ToArray();
            }
        }
    }
}

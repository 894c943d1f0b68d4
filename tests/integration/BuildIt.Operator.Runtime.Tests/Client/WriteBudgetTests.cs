using System.Net;
using System.Text;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Tests.Integration;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Client;

/// <summary>A write ends before another process may lead: here, and at the server, which is told how long it may take.</summary>
public sealed class WriteBudgetTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(4500);

    private readonly Server _server = new();
    private readonly Timers _timers = new();
    private readonly Fence _fence = new();
    private readonly ApiClient _client;

    public WriteBudgetTests() => _client = new ApiClient(
        new Kubernetes(new KubernetesClientConfiguration { Host = "http://kubernetes.example.com" }, _server), "runtime-tests", _timers, _fence);

    [Fact]
    public async Task Every_kind_of_write_is_bounded_by_what_is_left_of_the_lease()
    {
        _fence.WriteBudget = Budget;
        var map = Connections.ConfigMap("ns", "map");
        await _client.CreateAsync(map, CancellationToken.None);
        await _client.ReplaceAsync(map, null, CancellationToken.None);
        await _client.ApplyAsync<V1ConfigMap>("ns", "map", [], CancellationToken.None);
        await _client.MergePatchAsync<V1ConfigMap>("ns", "map", [], CancellationToken.None);
        await _client.JsonPatchAsync<V1ConfigMap>("ns", "map", [], CancellationToken.None);
        await _client.DeleteAsync<V1ConfigMap>("ns", "map", null, null, CancellationToken.None);

        Assert.Equal(6, _server.Queries.Count);
        Assert.All(_server.Queries, query => Assert.Contains("timeout=4500ms", query, StringComparison.Ordinal));
        Assert.Equal(6, _timers.Due.Count);
        Assert.All(_timers.Due, due => Assert.Equal(Budget, due));
    }

    [Fact]
    public async Task Nothing_is_sent_when_nothing_is_left()
    {
        _fence.WriteBudget = TimeSpan.Zero;

        await Assert.ThrowsAsync<WriteFencedException>(() => _client.CreateAsync(Connections.ConfigMap("ns", "map"), CancellationToken.None));

        Assert.Empty(_server.Queries);
    }

    private sealed class Fence : IWriteFence
    {
        public TimeSpan WriteBudget { get; set; }
    }

    private sealed class Server : DelegatingHandler
    {
        public List<string> Queries { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Queries.Add(request.RequestUri!.Query);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent("""{"kind":"ConfigMap","metadata":{"name":"map","namespace":"ns"}}""", Encoding.UTF8),
            });
        }
    }

    /// <summary>Notes for when timers are set.</summary>
    private sealed class Timers : TimeProvider
    {
        public List<TimeSpan> Due { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Due.Add(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}

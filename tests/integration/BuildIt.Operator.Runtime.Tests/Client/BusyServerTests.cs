using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Tests.Integration;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Runtime.Tests.Client;

/// <summary>An API server that answers 429, as one does while the storage of a new kind is made.</summary>
public sealed class BusyServerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Is_asked_again_after_as_long_as_it_says()
    {
        using var server = new BusyServerStandIn(_time, refusals: 2, retryAfter: 3);

        var read = await UntilDoneAsync(Client(server).GetAsync<V1ConfigMap>("ns", "c", CancellationToken.None));

        Assert.Equal("c", read!.Metadata.Name);
        Assert.Equal(3, server.Asked.Count);
        Assert.All(server.Asked.Zip(server.Asked.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Gets_a_write_again_whole()
    {
        using var server = new BusyServerStandIn(_time, refusals: 1, retryAfter: 1);

        await UntilDoneAsync(Client(server).CreateAsync(Connections.ConfigMap("ns", "c"), CancellationToken.None));

        Assert.Equal(2, server.Bodies.Count);
        Assert.Contains("\"key\":\"v\"", server.Bodies[0], StringComparison.Ordinal);
        Assert.Equal(server.Bodies[0], server.Bodies[1]);
    }

    [Fact]
    public async Task Is_asked_again_for_a_watch()
    {
        using var server = new BusyServerStandIn(_time, refusals: 1, retryAfter: 1);

        await UntilDoneAsync(CountAsync(Client(server)));

        Assert.Equal(2, server.Asked.Count);
    }

    [Fact]
    public async Task Is_not_waited_for_for_ever()
    {
        using var server = new BusyServerStandIn(_time, refusals: int.MaxValue, retryAfter: 4);

        var refused = await Assert.ThrowsAsync<ApiException>(() => UntilDoneAsync(Client(server).GetAsync<V1ConfigMap>("ns", "c", CancellationToken.None)));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Code);
        Assert.Equal("storage is (re)initializing", refused.Message);
        Assert.Equal(3, server.Asked.Count);
    }

    [Fact]
    public async Task Is_not_written_to_when_leadership_ended_during_the_wait()
    {
        var fence = new Fence();
        using var server = new BusyServerStandIn(_time, refusals: 1, retryAfter: 1) { OnAsked = () => fence.WriteBudget = TimeSpan.Zero };

        await Assert.ThrowsAsync<WriteFencedException>(() => UntilDoneAsync(Client(server, fence).CreateAsync(Connections.ConfigMap("ns", "c"), CancellationToken.None)));

        Assert.Single(server.Asked);
    }

    private ApiClient Client(BusyServerStandIn server, IWriteFence? fence = null) =>
        new(new Kubernetes(new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" }, server), "tests", _time, fence);

    private static async Task<int> CountAsync(ApiClient client)
    {
        var count = 0;
        await foreach (var _ in client.WatchAsync(ResourceType.Of<V1ConfigMap>(), "ns", ListQuery.All, "1", TimeSpan.FromMinutes(1), CancellationToken.None))
        {
            count++;
        }

        return count;
    }

    /// <summary>Lets time pass until a call has ended.</summary>
    private async Task<T> UntilDoneAsync<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }

        return await call;
    }

    private sealed class Fence : IWriteFence
    {
        public TimeSpan WriteBudget { get; set; } = TimeSpan.FromSeconds(10);
    }

    /// <summary>Refuses so many requests, then answers each with the same object.</summary>
    private sealed class BusyServerStandIn(TimeProvider time, int refusals, int retryAfter) : DelegatingHandler
    {
        public List<DateTimeOffset> Asked { get; } = [];

        public List<string> Bodies { get; } = [];

        public Action OnAsked { get; init; } = () => { };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(time.GetUtcNow());
            Bodies.Add(request.Content is null ? string.Empty : await request.Content.ReadAsStringAsync(cancellationToken));
            OnAsked();
            if (Asked.Count > refusals)
            {
                return Answer(HttpStatusCode.OK, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}""");
            }

            var busy = Answer(HttpStatusCode.TooManyRequests, """{"kind":"Status","code":429,"reason":"TooManyRequests","message":"storage is (re)initializing"}""");
            busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(retryAfter));
            return busy;
        }

        private static HttpResponseMessage Answer(HttpStatusCode code, string json) =>
            new(code) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
    }
}

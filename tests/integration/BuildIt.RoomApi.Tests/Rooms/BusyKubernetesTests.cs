using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tests.Integration;
using k8s;

namespace BuildIt.RoomApi.Tests.Rooms;

/// <summary>An API server that answers 429, as one does while the storage of a new kind is made.</summary>
public sealed class BusyKubernetesTests
{
    [Fact]
    public async Task Is_asked_again_when_it_says()
    {
        using var server = new BusyKubernetes(retryAfter: "1");

        Assert.Equal("r", (await Store(server).FindAsync("r", CancellationToken.None))!.Metadata.Name);
        Assert.Equal(2, server.Asked);
    }

    [Theory]
    [InlineData("tomorrow")]
    [InlineData("60")]
    public async Task Is_unavailable_when_it_does_not_say_or_says_too_long(string retryAfter)
    {
        using var server = new BusyKubernetes(retryAfter);

        await Assert.ThrowsAsync<KubernetesUnavailableException>(() => Store(server).FindAsync("r", CancellationToken.None));
        Assert.Equal(1, server.Asked);
    }

    private static RoomStore Store(BusyKubernetes server) => new(
        new Kubernetes(new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" }, server),
        new RoomApiSettings
        {
            Namespace = "ns",
            PublicUrl = "https://rooms.example.com",
            Pepper = new byte[32],
            ApiKeys = [RoomApiFixture.Key],
            SigningKey = RoomApiFixture.Key,
            RedisAddresses = ["127.0.0.1:1"],
        });

    /// <summary>Refuses the first request, then answers each with the same room.</summary>
    private sealed class BusyKubernetes(string retryAfter) : DelegatingHandler
    {
        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (++Asked > 1)
            {
                return Task.FromResult(Answer(request, HttpStatusCode.OK, """{"metadata":{"name":"r"},"spec":{}}"""));
            }

            var busy = Answer(request, HttpStatusCode.TooManyRequests, """{"kind":"Status","code":429,"message":"storage is (re)initializing"}""");
            busy.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            return Task.FromResult(busy);
        }

        private static HttpResponseMessage Answer(HttpRequestMessage request, HttpStatusCode code, string json) =>
            new(code) { RequestMessage = request, Content = new StringContent(json, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json")) };
    }
}

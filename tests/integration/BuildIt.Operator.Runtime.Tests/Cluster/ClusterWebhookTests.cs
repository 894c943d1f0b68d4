using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Cluster;

/// <summary>The API server of the fixture asks admission webhooks that listen on this machine.</summary>
public sealed class ClusterWebhookTests(KubernetesCluster cluster) : IClassFixture<KubernetesCluster>
{
    [Fact]
    public async Task WebhooksOnLoopbackAreAskedAndCanRefuse()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(key);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = ServeAsync(listener, certificate, stop.Token);
        var space = await cluster.CreateNamespaceAsync();
        await cluster.Client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(Configuration(
            space, ((IPEndPoint)listener.LocalEndpoint).Port, certificate));

        // A new configuration takes a moment to be in force.
        HttpOperationException? refusal = null;
        for (var tries = 0; refusal is null && tries < 100; tries++)
        {
            try
            {
                await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(
                    new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "map-" } }, space);
                await Task.Delay(50);
            }
            catch (HttpOperationException exception)
            {
                refusal = exception;
            }
        }

        await stop.CancelAsync();
        await serving;
        Assert.NotNull(refusal);
        Assert.Contains("refused on loopback", refusal.Response.Content, StringComparison.Ordinal);
    }

    private static X509Certificate2 SelfSigned(ECDsa key)
    {
        var request = new CertificateRequest("CN=webhook", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private static V1ValidatingWebhookConfiguration Configuration(string space, int port, X509Certificate2 certificate) => new()
    {
        Metadata = new V1ObjectMeta { Name = space },
        Webhooks =
        [
            new V1ValidatingWebhook
            {
                Name = "maps.test.buildit.network",
                AdmissionReviewVersions = ["v1"],
                SideEffects = "None",
                FailurePolicy = "Ignore",
                NamespaceSelector = new V1LabelSelector(),
                Rules = [new V1RuleWithOperations { ApiGroups = [""], ApiVersions = ["v1"], Operations = ["CREATE"], Resources = ["configmaps"] }],
                ClientConfig = new Admissionregistrationv1WebhookClientConfig
                {
                    Url = $"https://127.0.0.1:{port}/validate",
                    CaBundle = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()),
                },
            },
        ],
    };

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
                using var review = JsonDocument.Parse(await ReadBodyAsync(tls, stop));
                var answer = JsonSerializer.SerializeToUtf8Bytes(new
                {
                    apiVersion = "admission.k8s.io/v1",
                    kind = "AdmissionReview",
                    response = new
                    {
                        uid = review.RootElement.GetProperty("request").GetProperty("uid").GetString(),
                        allowed = false,
                        status = new { message = "refused on loopback" },
                    },
                });
                await tls.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\nConnection: close\r\n\r\n"), stop);
                await tls.WriteAsync(answer, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static async Task<byte[]> ReadBodyAsync(Stream stream, CancellationToken stop)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, stop);
            head.Append((char)one[0]);
        }

        var length = head.ToString().Split("\r\n")
            .First(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1];
        var body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stop);
        return body;
    }
}

using System.Net;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using k8s;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>coturn as the chart installs it, behind a Service, with a certificate that nobody vouches for.</summary>
internal sealed class TurnInstallation
{
    private const string Service = "buildit-sfu-turn";

    private TurnInstallation(string[] values) => Values = values;

    /// <summary>The chart's values for it; they belong to every upgrade.</summary>
    public string[] Values { get; }

    /// <summary>Where clients find it.</summary>
    public string Address { get; private set; } = "";

    /// <summary>spec.turn of a fleet that uses it.</summary>
    public string Spec => $$"""{domain: "{{Address}}", port: 3478, tlsPort: 443, secretRef: {name: sfu-turn} }""";

    /// <summary>Makes the Secrets, and installs it with the chart.</summary>
    public static async Task<TurnInstallation> InstallAsync(InstalledFleet fleet)
    {
        var node = (await fleet.Client.CoreV1.ListNodeAsync()).Items.Single().Status.Addresses.Single(each => each.Type == "InternalIP").Address;
        var secret = $"--from-literal=secret={Guid.NewGuid():N}";
        await fleet.KubectlAsync("create", "secret", "generic", "sfu-turn", secret);
        await fleet.Machine.RunToolAsync("kubectl", "create", "secret", "generic", "sfu-turn", "--namespace", InstalledFleet.System, secret);
        var folder = Directory.CreateTempSubdirectory("buildit-turn-").FullName;
        try
        {
            var (certificate, key) = (Path.Combine(folder, "tls.crt"), Path.Combine(folder, "tls.key"));
            await SelfSigned.WriteAsync(IPAddress.Loopback, certificate, key);
            await fleet.Machine.RunToolAsync("kubectl", "create", "secret", "tls", "turn-tls", "--namespace", InstalledFleet.System, "--cert", certificate, "--key", key);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        // The fleet's pods advertise the address of their node, which is a private one.
        var turn = new TurnInstallation(
        [
            "turn.enabled=true", "turn.replicas=1", "turn.image.repository=buildit/coturn", "turn.image.tag=local", "turn.metrics=false",
            "turn.hostNetwork=false", "turn.service.type=ClusterIP", "turn.secret=sfu-turn", "turn.tlsSecret=turn-tls", $"turn.allowedPeers={{{node}}}",
        ]);
        await fleet.InstallAsync(turn.Values);
        turn.Address = (await fleet.Client.CoreV1.ReadNamespacedServiceAsync(Service, InstalledFleet.System)).Spec.ClusterIP;
        return turn;
    }
}

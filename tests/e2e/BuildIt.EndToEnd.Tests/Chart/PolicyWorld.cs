using System.Text.Json.Nodes;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>A pod as network policies see it.</summary>
/// <param name="Namespace">Its namespace, whose only label is its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Ports">Its named ports.</param>
internal sealed record PolicyPod(string Namespace, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, int> Ports)
{
    /// <summary>Somebody outside the cluster's pods.</summary>
    public static readonly PolicyPod? Outside = null;
}

/// <summary>
/// Says what network policies let through, as the API defines it (networking.k8s.io/v1): a pod that a policy selects gets what one of its
/// policies names, in each direction that they are for, and one that none selects gets all.
/// </summary>
internal sealed class PolicyWorld(IEnumerable<JsonNode> policies)
{
    private readonly List<JsonNode> _policies = [.. policies];

    /// <summary>Whether a connection comes about.</summary>
    /// <param name="from">Who begins it; null for somebody outside.</param>
    /// <param name="to">Whom it is for; null for somebody outside.</param>
    /// <param name="port">The port.</param>
    /// <param name="protocol">TCP or UDP.</param>
    public bool Allows(PolicyPod? from, PolicyPod? to, int port, string protocol) =>
        (from is null || Passes(from, "Egress", rule => Names(rule, "to", to) && HasPort(rule, to, port, protocol)))
        && (to is null || Passes(to, "Ingress", rule => Names(rule, "from", from) && HasPort(rule, to, port, protocol)));

    private bool Passes(PolicyPod pod, string direction, Func<JsonNode, bool> matches)
    {
        var selecting = _policies.Where(policy =>
            $"{policy["metadata"]!["namespace"]}" == pod.Namespace
            && Selects(policy["spec"]!["podSelector"]!, pod.Labels)
            && policy["spec"]!["policyTypes"]!.AsArray().Any(type => $"{type}" == direction)).ToList();
        return selecting.Count == 0 || selecting.SelectMany(policy => policy["spec"]![direction.ToLowerInvariant()]?.AsArray() ?? []).Any(rule => matches(rule!));
    }

    // No list of peers means everybody.
    private static bool Names(JsonNode rule, string direction, PolicyPod? peer) => rule[direction] is not JsonArray peers || peers.Any(each => IsPeer(each!, peer));

    private static bool IsPeer(JsonNode named, PolicyPod? peer)
    {
        Assert.Null(named["ipBlock"]);
        return peer is not null
            && (named["namespaceSelector"] is { } spaces ? Selects(spaces, new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = peer.Namespace }) : throw new NotSupportedException("a peer of the policy's own namespace"))
            && (named["podSelector"] is not { } pods || Selects(pods, peer.Labels));
    }

    private static bool HasPort(JsonNode rule, PolicyPod? to, int port, string protocol) => rule["ports"] is not JsonArray ports || ports.Any(each =>
        $"{each!["protocol"] ?? "TCP"}" == protocol
        && (each["port"] is not { } named || (int.TryParse($"{named}", out var number) ? number == port : to?.Ports.GetValueOrDefault($"{named}") == port)));

    private static bool Selects(JsonNode selector, IReadOnlyDictionary<string, string> labels)
    {
        Assert.Null(selector["matchExpressions"]);
        return (selector["matchLabels"] as JsonObject ?? []).All(wanted => labels.GetValueOrDefault(wanted.Key) == $"{wanted.Value}");
    }
}

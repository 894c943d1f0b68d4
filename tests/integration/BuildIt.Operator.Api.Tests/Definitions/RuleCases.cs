namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>A rule in both outcomes.</summary>
/// <param name="Accepted">Merged into <see cref="RuleCases.Specs"/>: what the rule lets pass, having looked at it.</param>
/// <param name="Refused">Merged likewise: what this rule refuses, and no other.</param>
/// <param name="Before">Merged likewise: for a rule about changes, the object that is changed.</param>
public sealed record RuleCase(string Accepted, string Refused, string? Before = null);

/// <summary>Both outcomes of every rule, by kind, field and message.</summary>
internal static class RuleCases
{
    /// <summary>By kind, a spec with only what is required.</summary>
    public static IReadOnlyDictionary<string, string> Specs { get; } = new Dictionary<string, string>
    {
        ["SfuCluster"] = """{"region":"us-east-1","redis":{"addresses":["redis:6379"]},"apiKeysSecretRef":{"name":"keys"}}""",
        ["ConferenceRoom"] = "{}",
        ["RegionLink"] = """{"a":{"clusterRef":{"name":"east"}},"b":{"clusterRef":{"name":"west"}}}""",
    };

    public static IReadOnlyDictionary<string, RuleCase> All { get; } = new Dictionary<string, RuleCase>
    {
        ["SfuCluster spec.region: region cannot be changed; make a new SfuCluster for the other region"] = new(
            """{"region":"us-east-1","paused":true}""", """{"region":"eu-west-1"}""", "{}"),
        ["SfuCluster spec.geo: give latitude and longitude together, or neither"] = new(
            """{"geo":{"latitude":1,"longitude":2}}""", """{"geo":{"latitude":1}}"""),
        ["SfuCluster spec.replicas: min must not be above max"] = new(
            """{"replicas":{"min":10}}""", """{"replicas":{"min":11}}"""),
        ["SfuCluster spec.autoscaling.scaleUp.stabilization: must be between 0s and 24h"] = new(
            """{"autoscaling":{"scaleUp":{"stabilization":"24h"}}}""", """{"autoscaling":{"scaleUp":{"stabilization":"24h1ms"}}}"""),
        ["SfuCluster spec.autoscaling.scaleDown.stabilization: must be between 0s and 24h"] = new(
            """{"autoscaling":{"scaleDown":{"stabilization":"0s"}}}""", """{"autoscaling":{"scaleDown":{"stabilization":"25h"}}}"""),
        ["SfuCluster spec.drain: deadline must be above 0s when mode is Wait"] = new(
            """{"drain":{"mode":"Wait"}}""", """{"drain":{"mode":"Wait","deadline":"0s"}}"""),
        ["SfuCluster spec.drain.deadline: must be between 0s and 24h"] = new(
            """{"drain":{"deadline":"24h"}}""", """{"drain":{"deadline":"24h1ms"}}"""),
        ["SfuCluster spec.rollout.canary.pause: must be between 0s and 168h"] = new(
            """{"rollout":{"canary":{"pause":"168h"}}}""", """{"rollout":{"canary":{"pause":"169h"}}}"""),
        ["SfuCluster spec.network: give staticAddress when advertise is Static, and only then"] = new(
            """{"network":{"advertise":"Static","staticAddress":"192.0.2.7"}}""", """{"network":{"staticAddress":"192.0.2.7"}}"""),
        ["SfuCluster spec.network: give stunServer when advertise is Stun, and only then"] = new(
            """{"network":{"advertise":"Stun","stunServer":"stun.example.com:3478"}}""", """{"network":{"advertise":"Stun"}}"""),
        ["SfuCluster spec.network: advertise LoadBalancer needs mode LoadBalancer"] = new(
            """{"network":{"advertise":"LoadBalancer","mode":"LoadBalancer"}}""", """{"network":{"advertise":"LoadBalancer"}}"""),
        ["SfuCluster spec.network: hostPortRange needs mode HostPort"] = new(
            """{"network":{"hostPortRange":{"first":30000,"last":30010}}}""",
            """{"network":{"mode":"NodePort","hostPortRange":{"first":30000,"last":30010}}}"""),
        ["SfuCluster spec.network: tcpPort and signalPort must differ"] = new(
            """{"network":{"tcpPort":7879}}""", """{"network":{"tcpPort":7880}}"""),
        ["SfuCluster spec.network: hostPortRange must not hold signalPort"] = new(
            """{"network":{"hostPortRange":{"first":7881,"last":7882}}}""", """{"network":{"hostPortRange":{"first":7880,"last":7882}}}"""),
        ["SfuCluster spec.network: tlsSecretRef needs signalHost"] = new(
            """{"network":{"tlsSecretRef":{"name":"tls"},"signalHost":"sfu.example.com"}}""", """{"network":{"tlsSecretRef":{"name":"tls"}}}"""),
        ["SfuCluster spec.network.hostPortRange: first must not be above last"] = new(
            """{"network":{"hostPortRange":{"first":30010,"last":30010}}}""", """{"network":{"hostPortRange":{"first":30011,"last":30010}}}"""),
        ["SfuCluster spec.network.hostPortRange: 7883 to 7885 are ports of the node itself"] = new(
            """{"network":{"hostPortRange":{"first":7886,"last":7890}}}""", """{"network":{"hostPortRange":{"first":7885,"last":7890}}}"""),
        ["SfuCluster spec.network.udpPort: 7883 to 7885 are ports of the node itself"] = new(
            """{"network":{"udpPort":7886}}""", """{"network":{"udpPort":7885}}"""),
        ["SfuCluster spec.network.tcpPort: 7883 to 7885 are ports of the node itself"] = new(
            """{"network":{"tcpPort":7882}}""", """{"network":{"tcpPort":7883}}"""),
        ["SfuCluster spec.network.signalPort: 7883 to 7885 are ports of the node itself"] = new(
            """{"network":{"signalPort":7886}}""", """{"network":{"signalPort":7884}}"""),
        ["ConferenceRoom spec: expectedParticipants must not be above maxParticipants"] = new(
            """{"expectedParticipants":100}""", """{"expectedParticipants":101}"""),
        ["ConferenceRoom spec.createdBy: createdBy cannot be changed"] = new(
            """{"createdBy":"0123456789abcdef","maxParticipants":7}""",
            """{"createdBy":"fedcba9876543210"}""",
            """{"createdBy":"0123456789abcdef"}"""),
        ["ConferenceRoom spec.emptyTimeout: must be between 0s and 168h"] = new(
            """{"emptyTimeout":"168h"}""", """{"emptyTimeout":"168h1ms"}"""),
        ["ConferenceRoom spec.departureTimeout: must be between 0s and 168h"] = new(
            """{"departureTimeout":"0s"}""", """{"departureTimeout":"169h"}"""),
        ["ConferenceRoom spec.ttlAfterEnded: must be between 0s and 8760h"] = new(
            """{"ttlAfterEnded":"8760h"}""", """{"ttlAfterEnded":"8761h"}"""),
        ["RegionLink spec.a: give either clusterRef or remote"] = new(
            """{"a":{"clusterRef":null,"remote":{"endpoint":"far:7000","secretRef":{"name":"s"},"caRef":{"name":"c"}}}}""",
            """{"a":{"remote":{"endpoint":"far:7000","secretRef":{"name":"s"},"caRef":{"name":"c"}}}}"""),
        ["RegionLink spec.b: give either clusterRef or remote"] = new(
            """{"b":{"clusterRef":null,"remote":{"endpoint":"far:7000","secretRef":{"name":"s"},"caRef":{"name":"c"}}}}""",
            """{"b":{"clusterRef":null}}"""),
        ["RegionLink spec.health: timeout must not be above interval"] = new(
            """{"health":{"interval":"2s"}}""", """{"health":{"interval":"1999ms"}}"""),
        ["RegionLink spec.health.interval: must be between 100ms and 10m"] = new(
            """{"health":{"interval":"10m"}}""", """{"health":{"interval":"601s"}}"""),
        ["RegionLink spec.health.timeout: must be between 10ms and 1m"] = new(
            """{"health":{"timeout":"10ms"}}""", """{"health":{"timeout":"9ms"}}"""),
        ["RegionLink spec.health.maxRtt: must be between 1ms and 1m"] = new(
            """{"health":{"maxRtt":"1m"}}""", """{"health":{"maxRtt":"0ms"}}"""),
    };
}

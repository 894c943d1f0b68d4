using System.ComponentModel;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;

namespace BuildIt.Operator.Api;

/// <summary>The two fleets of a link and the path between them. Initial values are the defaults of the schema.</summary>
public sealed record RegionLinkSpec
{
    [Required]
    [Description("One end of the link.")]
    public LinkEnd A { get; init; } = new();

    [Required]
    [Description("The other end of the link.")]
    public LinkEnd B { get; init; } = new();

    [Description("Most that relays may send over the link in each direction, for example 1Gbps. Left out, no limit.")]
    [BandwidthBounds("1Mbps", "10Tbps")]
    public Bandwidth? MaxBandwidth { get; init; }

    [Description("Price of one gigabyte (1,000,000,000 bytes) sent over the link, in the currency of the fleet that sends it. Among links of equal priority and delay the cheaper is used.")]
    [Bounds(0, 1_000_000)]
    public double Cost { get; init; }

    [Description("Links with a higher priority are used first.")]
    [Bounds(0, 1000)]
    public int Priority { get; init; } = 100;

    [Description("How the link is probed and when it counts as healthy.")]
    public LinkHealthSpec Health { get; init; } = new();
}

/// <summary>One end of a link: a fleet here, or one elsewhere.</summary>
[CelRule("has(self.clusterRef) != has(self.remote)", "give either clusterRef or remote")]
public sealed record LinkEnd
{
    [Description("An SfuCluster in the same namespace.")]
    public ClusterReference? ClusterRef { get; init; }

    [Description("A fleet that another operator runs. Not possible yet: a link that has it is refused.")]
    public RemoteFleet? Remote { get; init; }
}

/// <summary>An SfuCluster in the same namespace.</summary>
public sealed record ClusterReference
{
    [Required]
    [Description("Name of the SfuCluster.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string Name { get; init; } = string.Empty;
}

/// <summary>A fleet that another operator runs.</summary>
public sealed record RemoteFleet
{
    [Required]
    [Description("Relay endpoint of the remote fleet as host:port.")]
    [TextPattern(Patterns.HostAndPort, "host:port, such as relay.eu.example.com:7890")]
    [TextLength(3, 259)]
    public string Endpoint { get; init; } = string.Empty;

    [Required]
    [Description("Secret of type kubernetes.io/tls with the certificate shown to the remote fleet.")]
    public SecretReference SecretRef { get; init; } = new();

    [Required]
    [Description("Secret whose entry 'ca.crt' signs the remote fleet's certificates.")]
    public SecretReference CaRef { get; init; } = new();
}

/// <summary>How a link is probed and when it counts as healthy.</summary>
[CelRule("duration(self.timeout) <= duration(self.interval)", "timeout must not be above interval")]
public sealed record LinkHealthSpec
{
    [Description("Time between probes.")]
    [DurationBounds("100ms", "10m")]
    public KubeDuration Interval { get; init; } = "5s";

    [Description("How long a probe waits for its answer.")]
    [DurationBounds("10ms", "1m")]
    public KubeDuration Timeout { get; init; } = "2s";

    [Description("Probes that must fail in a row before the link counts as broken.")]
    [Bounds(1, 100)]
    public int FailureThreshold { get; init; } = 3;

    [Description("Longest round trip of a healthy link.")]
    [DurationBounds("1ms", "1m")]
    public KubeDuration MaxRtt { get; init; } = "400ms";

    [Description("Largest share of lost packets on a healthy link, from 0 to 1.")]
    [Bounds(0, 1)]
    public double MaxLoss { get; init; } = 0.05;
}

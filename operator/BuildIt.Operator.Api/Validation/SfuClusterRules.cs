using System.Net;
using System.Net.Sockets;
using BuildIt.Operator.Api.Units;

namespace BuildIt.Operator.Api.Validation;

/// <summary>What the fields of an SfuCluster must say together.</summary>
internal static class SfuClusterRules
{
    /// <summary>Pods are named cluster-revision-instance; the longest DNS label has 63 characters (RFC 1035 section 2.3.4).</summary>
    public const int MaxNameLength = 40;

    public static void Check(SfuCluster cluster, SfuCluster? previous, FaultList faults)
    {
        var spec = cluster.Spec;
        CheckName(cluster.Metadata?.Name, faults);
        if (previous is not null && spec.Region.Length > 0 && previous.Spec.Region != spec.Region)
        {
            faults.Add("spec.region", $"cannot be changed from \"{previous.Spec.Region}\"; make a new SfuCluster for the other region");
        }

        if (spec.Geo is { } geo && geo.Latitude.HasValue != geo.Longitude.HasValue)
        {
            faults.Add("spec.geo", "needs latitude and longitude together, or neither");
        }

        CheckReplicas(spec, faults);
        CheckAutoscaling(spec, faults);
        CheckLifecycle(spec, faults);
        CheckNetwork(spec.Network, faults);
        CheckRedis(spec.Redis, faults);
        PodRules.Check(spec, faults);
    }

    private static void CheckName(string? name, FaultList faults)
    {
        if (name is null)
        {
            return;
        }

        if (name.Length > MaxNameLength)
        {
            faults.Add("metadata.name", $"has {name.Length} characters; at most {MaxNameLength} fit, because pods are named after the cluster");
        }

        if (name.Contains('.', StringComparison.Ordinal))
        {
            faults.Add("metadata.name", "must not contain '.', because pods are named after the cluster");
        }
    }

    private static void CheckReplicas(SfuClusterSpec spec, FaultList faults)
    {
        if (spec.Replicas.Min > spec.Replicas.Max)
        {
            faults.Add("spec.replicas.min", $"must not be above max ({spec.Replicas.Min} > {spec.Replicas.Max}); lower min or raise max");
        }
    }

    private static void CheckAutoscaling(SfuClusterSpec spec, FaultList faults)
    {
        var scaling = spec.Autoscaling;
        CheckCount(scaling.Warm, "spec.autoscaling.warm", 0, spec.Replicas.Max, faults);
        CheckCount(scaling.ScaleUp.MaxStep, "spec.autoscaling.scaleUp.maxStep", 1, ReplicasSpec.Limit, faults);
        CheckCount(scaling.ScaleDown.MaxStep, "spec.autoscaling.scaleDown.maxStep", 1, ReplicasSpec.Limit, faults);
        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < scaling.Schedules.Count; i++)
        {
            var schedule = scaling.Schedules[i];
            var path = $"spec.autoscaling.schedules[{i}]";
            if (schedule.Cron.Length > 0 && CronSyntax.FaultOf(schedule.Cron) is { } wrong)
            {
                faults.Add($"{path}.cron", wrong);
            }

            if (!TimeZoneInfo.TryFindSystemTimeZoneById(schedule.Timezone, out _))
            {
                faults.Add($"{path}.timezone", $"\"{schedule.Timezone}\" is not a known time zone; write an IANA name such as Europe/Lisbon");
            }

            if (schedule.Min > spec.Replicas.Max)
            {
                faults.Add($"{path}.min", $"must not be above spec.replicas.max ({schedule.Min} > {spec.Replicas.Max}); lower it or raise max");
            }

            if (schedule.Cron.Length > 0 && !seen.Add((schedule.Cron, schedule.Timezone)))
            {
                faults.Add(path, "begins at the same times as an earlier entry; keep one of them");
            }
        }
    }

    private static void CheckLifecycle(SfuClusterSpec spec, FaultList faults)
    {
        if (spec.Drain.Mode == DrainMode.Wait && spec.Drain.Deadline.TryGet(out var deadline) && deadline == TimeSpan.Zero)
        {
            faults.Add("spec.drain.deadline", "must be above 0s when mode is Wait; with 0s nothing is waited for");
        }

        CheckCount(spec.Rollout.MaxSurge, "spec.rollout.maxSurge", 1, ReplicasSpec.Limit, faults);
        if (spec.Rollout.Canary is { } canary && canary.Pods > Math.Max(1, spec.Replicas.Max))
        {
            faults.Add("spec.rollout.canary.pods", $"must not be above spec.replicas.max ({canary.Pods} > {spec.Replicas.Max})");
        }
    }

    private static void CheckCount(CountOrPercent value, string path, int least, int most, FaultList faults)
    {
        if (!value.IsValid)
        {
            return;
        }

        if (value.Amount < least)
        {
            faults.Add(path, $"must be at least {least}{(value.IsPercent ? "%" : string.Empty)}, not {value.Text}");
        }
        else if (value.IsPercent && value.Amount > 1000)
        {
            faults.Add(path, $"must be at most 1000%, not {value.Text}");
        }
        else if (!value.IsPercent && value.Amount > most)
        {
            faults.Add(path, $"must be at most {most}, not {value.Text}");
        }
    }

    private static void CheckNetwork(NetworkSpec network, FaultList faults)
    {
        const string path = "spec.network";
        var advertise = network.EffectiveAdvertise;
        if (advertise == AdvertiseSource.Static && network.StaticAddress is null)
        {
            faults.Add($"{path}.staticAddress", "is required when advertise is Static");
        }
        else if (advertise != AdvertiseSource.Static && network.StaticAddress is not null)
        {
            faults.Add($"{path}.staticAddress", $"has no effect when advertise is {advertise}; remove it or set advertise to Static");
        }

        if (network.StaticAddress is { } address && !IsUsable(address))
        {
            faults.Add($"{path}.staticAddress", "must be an IP address that clients can reach, such as 203.0.113.7");
        }

        if (advertise == AdvertiseSource.Stun && network.StunServer is null)
        {
            faults.Add($"{path}.stunServer", "is required when advertise is Stun");
        }
        else if (advertise != AdvertiseSource.Stun && network.StunServer is not null)
        {
            faults.Add($"{path}.stunServer", $"has no effect when advertise is {advertise}; remove it or set advertise to Stun");
        }

        CheckPort(network.StunServer, $"{path}.stunServer", faults);
        if (advertise == AdvertiseSource.LoadBalancer && network.Mode != NetworkMode.LoadBalancer)
        {
            faults.Add($"{path}.advertise", $"LoadBalancer needs mode LoadBalancer; mode is {network.Mode}");
        }

        if (network is { HostPortRange: not null, Mode: not NetworkMode.HostPort })
        {
            faults.Add($"{path}.hostPortRange", $"has no effect when mode is {network.Mode}; remove it or set mode to HostPort");
        }

        PortRules.Check(network, faults);
        if (network is { TlsSecretRef: not null, SignalHost: null })
        {
            faults.Add($"{path}.signalHost", "is required when tlsSecretRef is given");
        }
    }

    private static bool IsUsable(string text) =>
        IPAddress.TryParse(text, out var address)
        && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !address.Equals(IPAddress.Broadcast)
        && !address.IsIPv6Multicast && !(address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and < 240)
        // "1" and "0x7f.1" are addresses to the parser, and surprises to people.
        && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text);

    private static void CheckRedis(RedisSpec redis, FaultList faults)
    {
        for (var i = 0; i < redis.Addresses.Count; i++)
        {
            CheckPort(redis.Addresses[i], $"spec.redis.addresses[{i}]", faults);
        }
    }

    internal static void CheckPort(string? endpoint, string path, FaultList faults)
    {
        if (endpoint is null || endpoint.LastIndexOf(':') is var colon && colon < 0)
        {
            return;
        }

        if (!int.TryParse(endpoint.AsSpan(colon + 1), out var port) || port is < 1 or > 65535)
        {
            faults.Add(path, $"has port {endpoint[(colon + 1)..]}; a port is between 1 and 65535");
        }
    }
}

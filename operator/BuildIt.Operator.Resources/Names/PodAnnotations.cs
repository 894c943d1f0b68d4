using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Model;
using k8s.Models;

namespace BuildIt.Operator.Resources.Names;

/// <summary>What the operator records on a pod, so that its successor finds it after a crash.</summary>
public static class PodAnnotations
{
    /// <summary>The address clients send media to; projected into the pod.</summary>
    public const string AdvertiseAddress = SfuApi.Group + "/advertise-address";

    /// <summary>The outside UDP port, where it differs from the pod's; projected into the pod.</summary>
    public const string AdvertiseUdpPort = SfuApi.Group + "/advertise-udp-port";

    /// <summary>The outside TCP port, where it differs from the pod's; projected into the pod.</summary>
    public const string AdvertiseTcpPort = SfuApi.Group + "/advertise-tcp-port";

    /// <summary>
    /// Put on a pod by a person to have it log more or less while it runs: <c>kubectl annotate pod NAME sfu.buildit.network/log-level=Debug</c>;
    /// projected into the pod.
    /// </summary>
    public const string LogLevel = SfuApi.Group + "/log-level";

    /// <summary>
    /// Which linked fleets' authorities the pod is to believe, as a digest; not there when it is linked to none. Nobody reads it: a pod that
    /// is changed is looked at by its kubelet, which brings changed Secrets to it then, and otherwise within two minutes.
    /// </summary>
    public const string LinkedAuthorities = SfuApi.Group + "/linked-authorities";

    public const string DrainStarted = SfuApi.Group + "/drain-started";
    public const string DrainDeadline = SfuApi.Group + "/drain-deadline";
    public const string DrainCauseKey = SfuApi.Group + "/drain-cause";
    public const string DrainReason = SfuApi.Group + "/drain-reason";
    public const string ReconnectAsked = SfuApi.Group + "/reconnect-asked";

    /// <summary>Put on a pod by a person to have it drained: <c>kubectl annotate pod NAME sfu.buildit.network/drain=true</c>.</summary>
    public const string DrainRequested = SfuApi.Group + "/drain";

    /// <summary>The annotations that record a drain. A null value takes one away, which is how a drain is called back.</summary>
    public static Dictionary<string, string?> Drain(DateTimeOffset started, DateTimeOffset deadline, DrainCause cause, string reason) =>
        new(StringComparer.Ordinal)
        {
            [DrainStarted] = Text(started),
            [DrainDeadline] = Text(deadline),
            [DrainCauseKey] = cause.ToString(),
            [DrainReason] = reason,
            [ReconnectAsked] = null,
        };

    /// <summary>The annotations that take the record of a drain away.</summary>
    public static Dictionary<string, string?> NoDrain() => new(StringComparer.Ordinal)
    {
        [DrainStarted] = null,
        [DrainDeadline] = null,
        [DrainCauseKey] = null,
        [DrainReason] = null,
        [ReconnectAsked] = null,
    };

    /// <summary>The time in an annotation; null when there is none or it is not a time.</summary>
    public static DateTimeOffset? Time(V1Pod pod, string key)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Metadata?.Annotations is { } annotations && annotations.TryGetValue(key, out var text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }

    /// <summary>What began the drain recorded on a pod; None when there is no record.</summary>
    public static DrainCause Cause(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Metadata?.Annotations is { } annotations && annotations.TryGetValue(DrainCauseKey, out var text)
            && Enum.TryParse<DrainCause>(text, out var cause) && Enum.IsDefined(cause)
            ? cause
            : DrainCause.None;
    }

    /// <summary>A time as annotations hold it: RFC 3339 in UTC.</summary>
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

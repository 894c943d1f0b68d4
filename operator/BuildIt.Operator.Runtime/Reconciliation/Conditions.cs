using k8s.Models;

namespace BuildIt.Operator.Runtime.Reconciliation;

/// <summary>Conditions by the Kubernetes convention (meta/v1 Condition).</summary>
public static class Conditions
{
    private const int MaxMessageLength = 32_768;

    /// <summary>
    /// The conditions with one set. lastTransitionTime moves only when the status does. The order stays, so that equal
    /// conditions make equal JSON.
    /// </summary>
    public static IReadOnlyList<V1Condition> Set(
        IReadOnlyList<V1Condition> conditions, string type, bool? status, string reason, string message, long observedGeneration, DateTimeOffset now)
    {
        var text = status switch { true => "True", false => "False", null => "Unknown" };
        var old = conditions.FirstOrDefault(c => c.Type == type);
        var made = new V1Condition
        {
            Type = type,
            Status = text,
            Reason = reason,
            Message = message.Length <= MaxMessageLength ? message : message[..MaxMessageLength],
            ObservedGeneration = observedGeneration,

            // The API keeps whole seconds; anything finer would differ after each round trip.
            LastTransitionTime = old?.Status == text ? old.LastTransitionTime : Truncate(now),
        };
        return old is null ? [.. conditions, made] : [.. conditions.Select(c => c.Type == type ? made : c)];
    }

    public static V1Condition? Find(IReadOnlyList<V1Condition> conditions, string type) => conditions.FirstOrDefault(c => c.Type == type);

    public static bool IsTrue(IReadOnlyList<V1Condition> conditions, string type) => Find(conditions, type)?.Status == "True";

    private static DateTime Truncate(DateTimeOffset now) => new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}

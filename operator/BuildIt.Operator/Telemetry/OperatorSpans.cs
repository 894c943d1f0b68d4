using System.Diagnostics;

namespace BuildIt.Operator.Telemetry;

/// <summary>The operator's spans. Their names are documented in docs/tracing.md and do not change.</summary>
internal static class OperatorSpans
{
    /// <summary>A room gets a pod.</summary>
    public const string Place = "operator.place";

    /// <summary>From the death of a room's pod being certain until another serves the room.</summary>
    public const string Failover = "operator.failover";

    /// <summary>From the decision to move a room until its new pod serves it.</summary>
    public const string Move = "operator.move";

    /// <summary>A room's route is brought to the registries.</summary>
    public const string Publish = "operator.publish";

    public static ActivitySource Source { get; } = new("BuildIt.Operator");
}

using Prometheus;

namespace BuildIt.Operator.Fleets;

/// <summary>
/// Counts unexpected failures of work that goes on for as long as the process does: one round must not end the rounds, nor go unseen.
/// Thread-safe.
/// </summary>
internal static class BackgroundFaults
{
    private static readonly Counter Faults = Prometheus.Metrics.CreateCounter(
        "buildit_operator_background_faults_total", "Unexpected failures of work that goes on all the time, by work; each is a bug.", "work");

    public static void Count(string work) => Faults.WithLabels(work).Inc();
}

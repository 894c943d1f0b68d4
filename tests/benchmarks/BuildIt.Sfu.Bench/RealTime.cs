using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// Threads of other processes that go before all that have no such priority (sched(7), SCHED_RR): what is measured on a machine with few
/// cores is then delayed by itself, and not by the load generator beside it.
/// </summary>
internal static partial class RealTime
{
    /// <summary>Of what is measured.</summary>
    public const int Measured = 2;

    /// <summary>Of what feeds it: before everything else, so that what was stamped is sent, and behind what is measured.</summary>
    public const int Feeding = 1;

    private const int RoundRobin = 2;

    /// <summary>Gives it to the threads of a process whose name starts with <paramref name="threads"/>; returns how many have it.</summary>
    /// <exception cref="InvalidOperationException">It may not be given: run as root.</exception>
    public static int Give(int process, string threads, int priority)
    {
        int given = 0;
        foreach (int thread in ProcessThreads.Named(process, threads))
        {
            if (SetScheduler(thread, RoundRobin, in priority) != 0)
            {
                throw new InvalidOperationException($"A thread cannot be given priority (error {Marshal.GetLastPInvokeError()}): measure delays as root.");
            }

            given++;
        }

        return given;
    }

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, in int priority);
}

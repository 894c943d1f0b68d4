using System.Globalization;

namespace BuildIt.Sfu.TestClient.Churn;

/// <summary>What a process of this machine holds at one moment, as the kernel says.</summary>
/// <param name="Megabytes">Resident memory.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Descriptors">Open descriptors.</param>
public readonly record struct ProcessFigures(double Megabytes, int Threads, int Descriptors)
{
    /// <exception cref="IOException">There is no such process, or it is another user's.</exception>
    public static ProcessFigures Of(int process)
    {
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new ProcessFigures(
            Number(status, "VmRSS:") / 1024.0, Number(status, "Threads:"), Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count());
    }

    private static int Number(string[] status, string name) =>
        int.Parse(status.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}

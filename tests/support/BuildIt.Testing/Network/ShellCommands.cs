namespace BuildIt.Testing.Network;

/// <summary>Sets up networks as a person does: by the commands of iproute2 and iptables.</summary>
internal static class ShellCommands
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs lines of a shell script, to the first that fails.</summary>
    /// <exception cref="InvalidOperationException">One failed; the message says what it wrote.</exception>
    public static Task RunAsync(string commands) => ChildProcess.RunAsync("sh", ["-ec", commands], Timeout);
}

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Loopback addresses that nobody else of this machine's test runs is likely to have.</summary>
internal static class LoopbackAddress
{
    private static int _given = Environment.ProcessId;

    /// <summary>127.0.0.0/8 is all loopback (RFC 1122, section 3.2.1.3): with an address each, all pods can have the same port.</summary>
    public static string Next()
    {
        var number = Interlocked.Increment(ref _given);
        return $"127.{64 + (number >> 16) % 128}.{(number >> 8) % 256}.{1 + (number % 250)}";
    }
}

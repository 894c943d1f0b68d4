using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>Counts packets that were not protected, by reason. Thread-safe.</summary>
public sealed class SrtpRefusals
{
    private readonly long[] _counts = new long[Enum.GetValues<SrtpError>().Length];

    public long this[SrtpError error] => Volatile.Read(ref _counts[(int)error]);

    internal void Count(SrtpError error) => Interlocked.Increment(ref _counts[(int)error]);
}

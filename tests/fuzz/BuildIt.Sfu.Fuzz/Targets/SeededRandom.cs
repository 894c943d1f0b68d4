using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>The core's randomness, the same for every input.</summary>
internal sealed class SeededRandom(ulong seed) : IRandomSource
{
    private readonly SplitMix _random = new(seed);

    public void Fill(Span<byte> destination)
    {
        foreach (ref var value in destination)
        {
            value = (byte)_random.Next();
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// Asks the processor to fetch what is needed soon. With many subscribers nothing of the next one is in the cache, and waiting for its
/// objects one after another takes as long as the work on them.
/// </summary>
internal static class CacheAhead
{
    private const int Line = 64;

    /// <summary>The first two cache lines of an object. Changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Fetch(object? target)
    {
        if (Sse.IsSupported)
        {
            // Should the object move meanwhile, something else is fetched: a prefetch reads nothing and cannot fault.
            var address = *(byte**)Unsafe.AsPointer(ref target);
            Sse.Prefetch0(address);
            Sse.Prefetch0(address + Line);
        }
    }
}

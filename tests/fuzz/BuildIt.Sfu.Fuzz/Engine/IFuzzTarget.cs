namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>
/// Something that takes untrusted bytes. <see cref="Run"/> starts from the same state every time, so that an input alone repeats
/// what it did, and throws when something is wrong: whatever leaves the code under test, or a property that does not hold.
/// </summary>
public interface IFuzzTarget
{
    /// <summary>As given on the command line; also the name of the corpus.</summary>
    string Name { get; }

    /// <summary>Longest input that is made, in bytes.</summary>
    int MaxLength => 1500;

    /// <summary>What one input may make the code under test allocate, in bytes.</summary>
    long MaxAllocated => 1024 * 1024;

    /// <summary>Valid samples to start from.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>Words of the format, to be put into inputs.</summary>
    IReadOnlyList<byte[]> Dictionary => [];

    void Run(ReadOnlySpan<byte> input);
}

namespace BuildIt.Sfu.Media.Base;

/// <summary>
/// Where the core gets unpredictable bytes. The shell gives the system's generator; tests give a seeded one, so that a
/// run can be repeated exactly.
/// </summary>
public interface IRandomSource
{
    void Fill(Span<byte> destination);
}

using Xunit;

namespace BuildIt.Testing;

/// <summary>A test that needs root, because it runs containers or shapes networks; skipped without.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    /// <summary>Skips the test when this process is not root.</summary>
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "needs root";
        }
    }
}

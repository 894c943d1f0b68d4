using System.Diagnostics;

namespace BuildIt.Operator.Runtime.Tests;

/// <summary>Waits for a condition that another thread or process brings about.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition, string? what = null) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string? what = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Patience, what ?? "the condition did not come true");
            await Task.Delay(20);
        }
    }
}

using System.Diagnostics;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Waits for a condition that another thread or process brings about.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until a condition holds; says what was seen last when it does not.</summary>
    /// <param name="condition">What is to come about.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="seen">What was seen last.</param>
    /// <param name="patience">How long to wait; <see cref="Patience"/> when left out.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, Func<Task<string>>? seen = null, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (patience ?? Patience))
            {
                Assert.Fail($"within {patience ?? Patience}: {what}\n{(seen is null ? string.Empty : await seen())}");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what, Func<Task<string>>? seen = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, seen);

    /// <summary>Watches that a condition holds for a while: nothing is to happen, so there is nothing to wait for.</summary>
    public static async Task StaysTrueAsync(Func<Task<bool>> condition, TimeSpan during, string what)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < during)
        {
            Assert.True(await condition(), what);
            await Task.Delay(Pause);
        }
    }
}

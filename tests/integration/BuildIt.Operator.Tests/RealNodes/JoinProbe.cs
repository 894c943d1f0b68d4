using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// Keeps joining a room through every node at once and notes who let the newcomer in, and when. From that it is seen whether the
/// room was ever served by two: once somebody was let in by a newer owner, nobody who comes later may be let in by an older one.
/// </summary>
internal sealed class JoinProbe : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Join> _joins = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _work;
    private int _refused;
    private int _number;

    public JoinProbe(string room, params IEnumerable<NodeProcess> through) =>
        _work = Task.WhenAll(through.Select(node => Task.Run(() => WorkAsync(room, node))));

    /// <summary>Joins so far, by those who let somebody in.</summary>
    public IReadOnlyCollection<Join> Joins => _joins;

    /// <summary>Attempts that nobody answered with a place in the room.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The nodes that served newcomers, in the order in which they were first seen.</summary>
    public IReadOnlyList<string> Owners => [.. _joins.OrderBy(join => join.Answered).Select(join => join.By.Node).Distinct()];

    /// <summary>Asserts that at no time two served the room to newcomers.</summary>
    public void AssertOneAtATime()
    {
        var sessions = _joins.GroupBy(join => join.By)
            .Select(group => (By: group.Key, Since: group.Min(join => join.Answered), Last: group.Max(join => join.Asked)))
            .OrderBy(session => session.Since)
            .ToList();
        for (var i = 1; i < sessions.Count; i++)
        {
            Assert.True(
                sessions[i - 1].Last <= sessions[i].Since,
                string.Create(CultureInfo.InvariantCulture, $"{sessions[i].By} served from {sessions[i].Since} on, and {sessions[i - 1].By} let somebody in who asked at {sessions[i - 1].Last}\n{this}"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    public override string ToString() =>
        $"{_joins.Count} joins, {Refused} refused; " + string.Join("; ", _joins.GroupBy(join => (join.By, join.Through)).Select(group =>
            $"{group.Key.By} through {group.Key.Through}: {group.Count()}, {group.Min(join => join.Asked)} to {group.Max(join => join.Answered)}"));

    private async Task WorkAsync(string room, NodeProcess node)
    {
        while (!_stop.IsCancellationRequested)
        {
            var asked = _clock.Elapsed;
            if (await RoomJoins.TryAsync(node, room, $"probe-{Interlocked.Increment(ref _number)}") is { } by)
            {
                _joins.Enqueue(new Join(node.Name, by, asked, _clock.Elapsed));
            }
            else
            {
                Interlocked.Increment(ref _refused);
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>One newcomer who was let in.</summary>
    /// <param name="Through">The node it connected to.</param>
    /// <param name="By">Who let it in.</param>
    /// <param name="Asked">When it asked.</param>
    /// <param name="Answered">When it was in.</param>
    internal readonly record struct Join(string Through, Served By, TimeSpan Asked, TimeSpan Answered);
}

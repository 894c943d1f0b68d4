using System.Globalization;
using BuildIt.Sfu.TestClient.LoadTest;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;

namespace BuildIt.Sfu.TestClient.Churn;

/// <summary>What is asked for.</summary>
internal sealed record ChurnOptions
{
    public required Uri Url { get; init; }

    public required string ApiKey { get; init; }

    public required string ApiSecret { get; init; }

    /// <summary>Joins and leaves in all.</summary>
    public required int Cycles { get; init; }

    /// <summary>Participants that come and go at the same time.</summary>
    public required int AtOnce { get; init; }

    /// <summary>Rooms they are spread over; each ends when it is empty.</summary>
    public required int Rooms { get; init; }

    /// <summary>The node's process, on this machine; 0 when it is elsewhere.</summary>
    public required int Process { get; init; }
}

/// <summary>
/// Participants join, publish, and leave, again and again. What the node holds is read at ten points, when nobody is there: whatever
/// a session leaves behind shows as growth from one point to the next.
/// </summary>
internal sealed class ChurnRun(ChurnOptions options, TextWriter output) : IDisposable
{
    private const int Points = 10;

    /// <summary>The node forgets a session some time after it: rooms that are empty, keys, buffers that go back to the pool.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly HeadlessNetwork _network = new();
    private int _failed;

    /// <returns>Whether all cycles succeeded, and nothing grew after the first half.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        var table = new TextTable("Cycles", "Memory (MB)", "Threads", "Descriptors", "Failed");
        var figures = new List<ProcessFigures> { Note(table, 0) };
        var done = 0;
        for (var point = 1; point <= Points; point++)
        {
            var until = (int)((long)options.Cycles * point / Points);
            await Task.WhenAll(Enumerable.Range(0, options.AtOnce).Select(async _ =>
            {
                while (Interlocked.Increment(ref done) is var cycle && cycle <= until)
                {
                    await CycleAsync(cycle, cancellation);
                }

                Interlocked.Decrement(ref done);
            }));
            await Task.Delay(Rest, cancellation);
            figures.Add(Note(table, until));
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{until} of {options.Cycles}: {figures[^1].Megabytes:0.0} MB, {figures[^1].Threads} threads, {figures[^1].Descriptors} descriptors"));
            await output.FlushAsync(cancellation);
        }

        table.Write(output);
        return _failed == 0 && (options.Process == 0 || IsFlat(figures));
    }

    public void Dispose() => _network.Dispose();

    /// <summary>The first half fills pools and compiles; the second is to add nothing.</summary>
    private bool IsFlat(List<ProcessFigures> figures)
    {
        var middle = figures[figures.Count / 2];
        var end = figures[^1];
        var flat = end.Threads <= middle.Threads + 4 && end.Descriptors <= middle.Descriptors + 4 && end.Megabytes <= (middle.Megabytes * 1.1) + 10;
        output.WriteLine(flat
            ? "Flat: the second half added nothing"
            : "Not flat: the second half added memory (over a tenth and 10 MB), threads or descriptors (over 4)");
        return flat;
    }

    private ProcessFigures Note(TextTable table, int cycles)
    {
        var figures = options.Process > 0 ? ProcessFigures.Of(options.Process) : default;
        table.Add(
            cycles.ToString(CultureInfo.InvariantCulture),
            figures.Megabytes.ToString("0.0", CultureInfo.InvariantCulture),
            figures.Threads.ToString(CultureInfo.InvariantCulture),
            figures.Descriptors.ToString(CultureInfo.InvariantCulture),
            _failed.ToString(CultureInfo.InvariantCulture));
        return figures;
    }

    private async Task CycleAsync(int cycle, CancellationToken cancellation)
    {
        try
        {
            await using var participant = await HeadlessParticipant.JoinAsync(
                new HeadlessOptions
                {
                    Url = options.Url,
                    Token = RoomToken.Create(options.ApiKey, options.ApiSecret, $"churn-{cycle % options.Rooms}", $"churn-{cycle}"),
                    Network = _network,
                    SinglePeerConnection = cycle % 2 == 0,
                },
                cancellation);
            await participant.PublishAudioAsync(cancellation);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            if (Interlocked.Increment(ref _failed) <= 10)
            {
                await output.WriteLineAsync($"cycle {cycle}: {error.Message}");
            }
        }
    }
}

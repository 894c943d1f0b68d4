using System.Globalization;
using System.Text;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>Says when everybody sees and hears everybody else, from a moment on.</summary>
public sealed class MediaWatch
{
    /// <summary>So much has to arrive of each flow: pictures or packets, or units of sound. More than could still have been on its way.</summary>
    private const double Enough = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly long _since;
    private readonly IReadOnlyList<IAttendee> _attendees;
    private readonly IReadOnlyList<IReadOnlyDictionary<Flow, double>> _before;

    private MediaWatch(TimeProvider time, long since, IReadOnlyList<IAttendee> attendees, IReadOnlyList<IReadOnlyDictionary<Flow, double>> before)
    {
        _time = time;
        _since = since;
        _attendees = attendees;
        _before = before;
    }

    /// <summary>Begins to watch: what arrived until now does not count.</summary>
    /// <param name="attendees">Everybody in the room.</param>
    /// <param name="since">The moment, a timestamp of the system's time provider, from which time is measured; now by default.</param>
    public static async Task<MediaWatch> StartAsync(IReadOnlyList<IAttendee> attendees, long? since = null)
    {
        var time = TimeProvider.System;
        var start = since ?? time.GetTimestamp();
        return new MediaWatch(time, start, attendees, await Task.WhenAll(attendees.Select(attendee => attendee.ProgressAsync())));
    }

    /// <summary>Waits until media of both kinds has come from everybody to everybody.</summary>
    /// <returns>For each attendee, in order, when it had come to them, and what came last.</returns>
    /// <exception cref="TimeoutException">It did not; the message says what is missing.</exception>
    public async Task<IReadOnlyList<Completion>> FlowsAsync(TimeSpan timeout)
    {
        var done = new Completion?[_attendees.Count];
        var lacking = new IReadOnlyList<Flow>[_attendees.Count];
        while (true)
        {
            var missing = await Task.WhenAll(_attendees.Select((_, i) => done[i] is null ? MissingAsync(i) : Task.FromResult<IReadOnlyList<Flow>>([])));
            var elapsed = _time.GetElapsedTime(_since);
            for (var i = 0; i < done.Length; i++)
            {
                done[i] ??= missing[i].Count == 0 ? new Completion(elapsed, lacking[i] ?? []) : null;
                lacking[i] = missing[i];
            }

            if (done.All(each => each is not null))
            {
                return [.. done.Select(each => each!.Value)];
            }

            if (elapsed > timeout)
            {
                throw new TimeoutException(Describe(missing, timeout));
            }

            await Task.Delay(Pause);
        }
    }

    private async Task<IReadOnlyList<Flow>> MissingAsync(int index)
    {
        var now = await _attendees[index].ProgressAsync();
        return
        [
            .. from other in _attendees
               where other.Identity != _attendees[index].Identity
               from kind in (string[])["video", "audio"]
               let flow = new Flow(other.Identity, kind)
               where now.GetValueOrDefault(flow) < _before[index].GetValueOrDefault(flow) + Enough
               select flow,
        ];
    }

    private string Describe(IReadOnlyList<Flow>[] missing, TimeSpan timeout)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"not within {timeout.TotalSeconds:0} s:"));
        for (var i = 0; i < missing.Length; i++)
        {
            if (missing[i].Count > 0)
            {
                var flows = string.Join(", ", missing[i].Select(flow => $"{flow.Kind} of {flow.From}"));
                text.Append(CultureInfo.InvariantCulture, $"\n{_attendees[i].GetType().Name} {_attendees[i].Identity} lacks {flows}");
            }
        }

        return text.ToString();
    }
}

/// <summary>That all media has come to somebody.</summary>
/// <param name="After">The time it took.</param>
/// <param name="Last">What was missing until then; nothing when all was there at the first look.</param>
public readonly record struct Completion(TimeSpan After, IReadOnlyList<Flow> Last)
{
    /// <summary>What came last, to be read by people.</summary>
    public override string ToString() => string.Join(", ", Last.Select(flow => $"{flow.Kind} of {flow.From}"));
}

using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Net.Timing;

/// <summary>
/// The loop's deadlines: a binary heap of reusable timers. Moving a deadline later, by far the commonest change
/// (every packet pushes an idle timeout out), costs nothing: the heap keeps the older key and sorts it out when that comes up.
/// </summary>
internal sealed class DeadlineQueue
{
    private LoopTimer[] _heap = new LoopTimer[64];
    private int _count;

    /// <summary>No deadline falls before this instant; there may be none exactly at it.</summary>
    public Instant Earliest => _count == 0 ? Instant.Never : _heap[0].HeapKey;

    public void Changed(LoopTimer timer)
    {
        if (timer.Due >= timer.HeapKey)
        {
            return;
        }

        timer.HeapKey = timer.Due;
        if (timer.HeapIndex < 0)
        {
            if (_count == _heap.Length)
            {
                Array.Resize(ref _heap, _count * 2);
            }

            timer.HeapIndex = _count++;
        }

        SiftUp(timer);
    }

    /// <summary>Fires what is due. A timer rescheduled to the past from its own handler waits for the next call.</summary>
    /// <returns>How many fired.</returns>
    public int RunDue(Instant now, Action<Exception> fault)
    {
        int fired = 0;
        int budget = _count;
        while (budget-- > 0 && _count > 0 && _heap[0].HeapKey <= now)
        {
            LoopTimer timer = RemoveFirst();
            if (timer.Due > now)
            {
                Changed(timer);
                continue;
            }

            fired++;
            try
            {
                timer.Fire(now);
            }
            catch (Exception error)
            {
                fault(error);
            }
        }

        return fired;
    }

    private LoopTimer RemoveFirst()
    {
        LoopTimer first = _heap[0];
        LoopTimer last = _heap[--_count];
        _heap[_count] = null!;
        first.HeapIndex = -1;
        first.HeapKey = Instant.Never;
        if (_count > 0)
        {
            SiftDown(last);
        }

        return first;
    }

    private void SiftUp(LoopTimer timer)
    {
        int index = timer.HeapIndex;
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (_heap[parent].HeapKey <= timer.HeapKey)
            {
                break;
            }

            Place(_heap[parent], index);
            index = parent;
        }

        Place(timer, index);
    }

    private void SiftDown(LoopTimer timer)
    {
        int index = 0;
        while (true)
        {
            int child = index * 2 + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _heap[child + 1].HeapKey < _heap[child].HeapKey)
            {
                child++;
            }

            if (_heap[child].HeapKey >= timer.HeapKey)
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(timer, index);
    }

    private void Place(LoopTimer timer, int index)
    {
        _heap[index] = timer;
        timer.HeapIndex = index;
    }
}

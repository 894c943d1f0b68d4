using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net;

/// <content>Deadlines of the core's state machines: each is asked for its next one after every call.</content>
public sealed partial class MediaLoop
{
    private readonly Dictionary<IDeadline, ScheduledDeadline> _scheduled = [];

    /// <inheritdoc/>
    public void Schedule(IDeadline deadline)
    {
        ArgumentNullException.ThrowIfNull(deadline);
        AssertCurrent();
        if (!_scheduled.TryGetValue(deadline, out ScheduledDeadline? scheduled))
        {
            scheduled = new ScheduledDeadline(this, deadline);
            _scheduled.Add(deadline, scheduled);
        }

        scheduled.Arm();
    }

    /// <inheritdoc/>
    public void Unschedule(IDeadline deadline)
    {
        ArgumentNullException.ThrowIfNull(deadline);
        AssertCurrent();
        if (_scheduled.Remove(deadline, out ScheduledDeadline? scheduled))
        {
            scheduled.Disarm();
        }
    }

    private sealed class ScheduledDeadline : IDeadlineHandler
    {
        private readonly IDeadline _deadline;
        private readonly LoopTimer _timer;
        private bool _scheduled;

        public ScheduledDeadline(MediaLoop loop, IDeadline deadline)
        {
            _deadline = deadline;
            _timer = loop.CreateTimer(this);
        }

        public void Arm()
        {
            _scheduled = true;
            _timer.Schedule(_deadline.NextDeadline);
        }

        public void Disarm()
        {
            _scheduled = false;
            _timer.Cancel();
        }

        public void OnDeadline(Instant now)
        {
            try
            {
                // It may have moved later since it was armed, which needs no call to Schedule.
                if (_deadline.NextDeadline <= now)
                {
                    _deadline.HandleTimeout(now);
                }
            }
            finally
            {
                if (_scheduled)
                {
                    _timer.Schedule(_deadline.NextDeadline);
                }
            }
        }
    }
}

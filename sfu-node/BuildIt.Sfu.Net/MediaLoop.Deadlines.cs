using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net;

/// <content>Deadlines of the core's state machines: each is asked for its next one after every call.</content>
public sealed partial class MediaLoop
{
    private readonly Dictionary<IDeadline, WatchedDeadline> _watched = [];

    /// <inheritdoc/>
    public void Watch(IDeadline deadline)
    {
        ArgumentNullException.ThrowIfNull(deadline);
        AssertCurrent();
        if (!_watched.TryGetValue(deadline, out WatchedDeadline? watched))
        {
            watched = new WatchedDeadline(this, deadline);
            _watched.Add(deadline, watched);
        }

        watched.Arm();
    }

    /// <inheritdoc/>
    public void Unwatch(IDeadline deadline)
    {
        ArgumentNullException.ThrowIfNull(deadline);
        AssertCurrent();
        if (_watched.Remove(deadline, out WatchedDeadline? watched))
        {
            watched.Disarm();
        }
    }

    private sealed class WatchedDeadline : IDeadlineHandler
    {
        private readonly IDeadline _deadline;
        private readonly LoopTimer _timer;
        private bool _watched;

        public WatchedDeadline(MediaLoop loop, IDeadline deadline)
        {
            _deadline = deadline;
            _timer = loop.CreateTimer(this);
        }

        public void Arm()
        {
            _watched = true;
            _timer.Schedule(_deadline.NextDeadline);
        }

        public void Disarm()
        {
            _watched = false;
            _timer.Cancel();
        }

        public void OnDeadline(Instant now)
        {
            try
            {
                // It may have moved later since it was armed, which needs no call to Watch.
                if (_deadline.NextDeadline <= now)
                {
                    _deadline.HandleTimeout(now);
                }
            }
            finally
            {
                if (_watched)
                {
                    _timer.Schedule(_deadline.NextDeadline);
                }
            }
        }
    }
}

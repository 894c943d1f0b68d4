using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>What state an agent is in, by what it hears of the peer and what it does not.</summary>
internal sealed class IceLiveness(IceAgentOptions options)
{
    private Instant _connectDeadline = Instant.Never;
    private Instant _lastReceived;

    public IceState State { get; private set; }

    /// <summary>Neither failed nor closed.</summary>
    public bool IsAlive => State is not (IceState.Failed or IceState.Closed);

    /// <summary>When silence changes the state.</summary>
    public Instant NextDeadline => State switch
    {
        IceState.Checking => _connectDeadline,
        IceState.Connected => _lastReceived + options.DisconnectTimeout,
        IceState.Disconnected => _lastReceived + options.DisconnectTimeout + options.FailTimeout,
        _ => Instant.Never,
    };

    /// <summary>The peer's credentials are known, for the first time or anew.</summary>
    public void RemoteKnown(Instant now)
    {
        if (State is IceState.New or IceState.Failed)
        {
            State = IceState.Checking;
        }

        _connectDeadline = now + options.ConnectTimeout;
        _lastReceived = State == IceState.Connected ? _lastReceived : now;
    }

    /// <summary>Credentials of ours are new.</summary>
    /// <param name="knowsRemote">Whether the peer's are known.</param>
    /// <param name="now">Now.</param>
    public void Restarted(bool knowsRemote, Instant now)
    {
        _connectDeadline = now + options.ConnectTimeout;
        if (State == IceState.Failed)
        {
            State = knowsRemote ? IceState.Checking : IceState.New;
        }
    }

    /// <summary>A pair is selected.</summary>
    public void Connected()
    {
        State = IceState.Connected;
        _connectDeadline = Instant.Never;
    }

    /// <summary>Something authentic came.</summary>
    public void NoteReceived(Instant now)
    {
        _lastReceived = now;
        if (State == IceState.Disconnected)
        {
            State = IceState.Connected;
        }
    }

    /// <summary>Draws the conclusions from silence.</summary>
    /// <param name="consentedAt">When the peer last consented to be sent to, where that is asked; else null.</param>
    /// <param name="now">Now.</param>
    public void HandleTimeout(Instant? consentedAt, Instant now)
    {
        if (State == IceState.Checking && now >= _connectDeadline)
        {
            State = IceState.Failed;
        }
        else if (State is IceState.Connected or IceState.Disconnected)
        {
            var silence = now - _lastReceived;
            if (silence >= options.DisconnectTimeout + options.FailTimeout || now - consentedAt >= options.ConsentTimeout)
            {
                State = IceState.Failed;
            }
            else if (silence >= options.DisconnectTimeout)
            {
                State = IceState.Disconnected;
            }
        }
    }

    public void Close() => State = IceState.Closed;
}

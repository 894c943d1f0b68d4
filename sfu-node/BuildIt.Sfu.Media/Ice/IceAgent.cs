using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>
/// The ICE agent of one peer connection with one component (RFC 8445), lite or full, in either role, sans-I/O.
/// Checks and answers go straight to the sink. It is bounded: at most <see cref="MaxPairs"/> remote addresses are known.
/// Not thread-safe.
/// </summary>
public sealed class IceAgent
{
    /// <summary>Further addresses of a peer replace those that were heard least recently.</summary>
    public const int MaxPairs = 32;

    private readonly IceAgentOptions _options;
    private readonly IDatagramSink _sink;
    private readonly IceKeys _keys;
    private readonly IceRole _role;
    private readonly IcePairTable _pairs;
    private readonly IceChecks _checks;
    private readonly IceLiveness _liveness;
    private long _answered;

    public IceAgent(IceAgentOptions options, IceCredentials local, IRandomSource random, IDatagramSink sink)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        _sink = sink;
        _keys = new IceKeys(local);
        _role = new IceRole(options.Controlling, options.Lite, random);
        _pairs = new IcePairTable(sink, options.Lite);
        _checks = new IceChecks(options, _pairs, _keys, _role, random, sink);
        _liveness = new IceLiveness(options);
    }

    public IceState State => _liveness.State;

    public IceCredentials Local => _keys.Local;

    public IceCredentials? Remote => _keys.Remote;

    public bool IsControlling => _role.IsControlling;

    /// <summary>Where data goes now; <see cref="PathId.None"/> before a pair is valid.</summary>
    public PathId SelectedPath => _pairs.Selected?.Path ?? PathId.None;

    /// <summary>The peer's address of the selected pair.</summary>
    public TransportAddress? SelectedRemote => _pairs.Selected?.Remote;

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next.</summary>
    public Instant NextDeadline => _liveness.IsAlive ? Instant.Min(_liveness.NextDeadline, _checks.NextDeadline) : Instant.Never;

    /// <summary>Bytes of checks and answers that were sent.</summary>
    public long BytesSent => _answered + _checks.BytesSent;

    /// <summary>
    /// The peer's credentials from its offer or answer. Different ones than before mean that the peer restarts ICE
    /// (RFC 8445 section 9); the present path is used until a new one is valid.
    /// </summary>
    public void SetRemote(IceCredentials remote, Instant now)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (State == IceState.Closed || remote.Equals(Remote))
        {
            return;
        }

        if (Remote is not null && Remote.Ufrag != remote.Ufrag)
        {
            _pairs.BeginGeneration();
        }

        _keys.Remote = remote;
        _liveness.RemoteKnown(now);
        foreach (var pair in _pairs)
        {
            _checks.Want(pair);
        }
    }

    /// <summary>A candidate of the peer, from SDP or trickled. Ignored when the table is full.</summary>
    public void AddRemoteCandidate(in TransportAddress address, uint priority)
    {
        if (State is IceState.Closed || _pairs.IsFull || address.Port == 0)
        {
            return;
        }

        var pair = _pairs.Find(address);
        if (pair is null)
        {
            // A lite agent sends nothing first, so it has no use for candidates before a check arrives from them.
            if (_options.Lite)
            {
                return;
            }

            pair = _pairs.Add(address, priority);
        }

        _pairs.Renew(pair);
        pair.RemotePriority = priority;
        _checks.Want(pair);
    }

    /// <summary>Starts a new generation with new credentials of ours (RFC 8445 section 9). Data goes on flowing meanwhile.</summary>
    public void Restart(IceCredentials local, Instant now)
    {
        ArgumentNullException.ThrowIfNull(local);
        if (State == IceState.Closed)
        {
            return;
        }

        _keys.Restart(local);
        _pairs.BeginGeneration();
        _liveness.Restarted(Remote is not null, now);
    }

    /// <summary>True when data from this address may be taken: an authenticated check came from there.</summary>
    public bool IsAuthenticated(in TransportAddress from) =>
        (_pairs.Selected is { } selected && selected.Remote == from) || _pairs.Find(from) is { IsAuthenticated: true };

    /// <summary>Says that authentic data (not STUN) came, which shows as well as a check that the peer is there.</summary>
    public void NoteReceived(Instant now) => _liveness.NoteReceived(now);

    /// <summary>
    /// The same, and where it came from: a peer sends from where it can be reached. When it does so from another proven address
    /// while the selected one has gone quiet, it has moved, and is followed long before its checks say so.
    /// </summary>
    public void NoteReceived(in TransportAddress from, Instant now)
    {
        NoteReceived(now);
        if (_pairs.NoteData(from, now) is { } moved)
        {
            Select(moved, _pairs.HasNominated);
        }
    }

    /// <summary>Handles one datagram that looks like STUN. Bytes that are not authentic change nothing.</summary>
    public void HandleStun(ReadOnlySpan<byte> datagram, in TransportAddress from, Instant now)
    {
        if (!_liveness.IsAlive
            || !StunMessage.TryParse(datagram, out var message)
            || !message.IsBinding
            || !message.VerifyFingerprint())
        {
            return;
        }

        switch (message.Class)
        {
            case StunClass.Request:
                HandleRequest(message, from, now);
                break;
            case StunClass.SuccessResponse or StunClass.ErrorResponse:
                HandleResponse(message, from, now);
                break;
            default:
                // Indications only keep NAT bindings open (RFC 8445 section 11).
                break;
        }
    }

    /// <summary>Does what has fallen due: checks, retransmissions, consent, timeouts.</summary>
    public void HandleTimeout(Instant now)
    {
        if (!_liveness.IsAlive)
        {
            return;
        }

        _checks.HandleTimeout(now);
        _liveness.HandleTimeout(_options.Lite ? null : _pairs.Selected?.LastResponse, now);
        if (!_liveness.IsAlive)
        {
            _checks.EndConsent();
        }
    }

    /// <summary>The connection behind this address is gone; another valid pair takes over, or silence ends the transport.</summary>
    public void HandlePathLost(in TransportAddress remote) => _pairs.Lose(remote);

    /// <summary>Ends the agent; its paths are given back.</summary>
    public void Close()
    {
        _pairs.Clear();
        _liveness.Close();
    }

    private void HandleRequest(in StunMessage message, in TransportAddress from, Instant now)
    {
        var username = message.Username;
        var colon = username.IndexOf((byte)':');
        if (colon < 0 || !_keys.TryMatchLocal(username[..colon], out var credentials) || !message.VerifyIntegrity(credentials.PasswordBytes))
        {
            return;
        }

        var response = new IceResponder(_sink, credentials.PasswordBytes);
        var pair = _pairs.Find(from) ?? _pairs.Add(from, message.TryGetPriority(out var priority) ? priority : 0);
        Span<ushort> unknown = stackalloc ushort[8];
        var unknownCount = message.GetUnknownRequiredAttributes(unknown);
        if (unknownCount > 0)
        {
            _answered += response.UnknownAttributes(pair.Path, message.TransactionId, unknown[..unknownCount]);
            return;
        }

        if (!_role.Resolve(message))
        {
            _answered += response.RoleConflict(pair.Path, message.TransactionId);
            return;
        }

        _answered += response.Success(pair.Path, message.TransactionId, from);
        if (credentials == Local)
        {
            _pairs.Renew(pair);
        }

        pair.IsAuthenticated = true;
        pair.LastReceived = now;
        NoteReceived(now);
        if (_options.Lite)
        {
            // It has no better proof. Said at each check, so that who is there in truth has the address back with the next.
            _sink.Claim(from, proven: false);
            OnLiteCheck(pair, message.UseCandidate, now);
        }
        else
        {
            OnFullCheck(pair, message.UseCandidate, now);
        }
    }

    /// <summary>RFC 8445 section 7.3.2: a lite agent takes the peer's word for which pair is selected.</summary>
    private void OnLiteCheck(IcePair pair, bool useCandidate, Instant now)
    {
        // The first valid pair serves until one is nominated: the peer may send data on it already (RFC 8445 section 12.1).
        if (useCandidate || _pairs.IsSelectedSilent(now))
        {
            Select(pair, useCandidate);
        }
    }

    /// <summary>RFC 8445 section 7.3.1.4 (triggered checks) and 7.3.1.5 (nomination by the peer).</summary>
    private void OnFullCheck(IcePair pair, bool useCandidate, Instant now)
    {
        if (pair.Check is IceCheckState.Idle or IceCheckState.Failed or IceCheckState.Waiting && Remote is not null)
        {
            // Triggered checks go out at once: each answers a check, so the peer's pacing is ours.
            pair.NominateOnSuccess = useCandidate && !IsControlling;
            _checks.Start(pair, now);
        }
        else if (useCandidate && !IsControlling)
        {
            if (pair.Check == IceCheckState.Succeeded)
            {
                SelectNominated(pair, now);
            }
            else
            {
                pair.NominateOnSuccess = true;
            }
        }

        if (pair.Check == IceCheckState.Succeeded && _pairs.IsSelectedSilent(now))
        {
            Select(pair, nominated: true);
        }
    }

    private void HandleResponse(in StunMessage message, in TransportAddress from, Instant now)
    {
        var pair = _pairs.Find(from);

        // RFC 8445 section 7.2.5.2.1: the answer must come from where the check went.
        if (pair is null
            || Remote is null
            || pair.Check is not (IceCheckState.InProgress or IceCheckState.Succeeded)
            || pair.Transaction != TransactionId.Read(message.TransactionId)
            || !message.VerifyIntegrity(Remote.PasswordBytes))
        {
            return;
        }

        if (message.Class == StunClass.ErrorResponse)
        {
            OnErrorResponse(pair, message, now);
            return;
        }

        pair.Check = IceCheckState.Succeeded;
        pair.IsAuthenticated = true;
        pair.IsProven = true;
        _sink.Claim(from, proven: true);
        pair.LastResponse = now;
        pair.LastReceived = now;
        NoteReceived(now);
        if (IsControlling)
        {
            OnControllingSuccess(pair, now);
        }
        else if (pair.NominateOnSuccess)
        {
            SelectNominated(pair, now);
        }
        else if (_pairs.Selected is null)
        {
            Select(pair, nominated: false);
        }
    }

    /// <summary>
    /// Regular nomination (RFC 8445 section 8.1.1) of the first valid pair, or of a better one while nothing is nominated.
    /// </summary>
    private void OnControllingSuccess(IcePair pair, Instant now)
    {
        if (pair.IsNominating)
        {
            pair.IsNominating = false;
            Select(pair, nominated: true);
            return;
        }

        if (_pairs.Selected is null)
        {
            Select(pair, nominated: false);
        }

        if (_pairs.HasNominated && pair != _pairs.Selected && _pairs.IsSelectedSilent(now))
        {
            Select(pair, nominated: true);
        }

        if (!_pairs.HasNominated && !IsNominating())
        {
            pair.IsNominating = true;
            _checks.Start(pair, now);
        }
    }

    private void OnErrorResponse(IcePair pair, in StunMessage message, Instant now)
    {
        if (message.TryGetErrorCode(out var code) && code == StunErrorCode.RoleConflict)
        {
            // RFC 8445 section 7.2.5.1: take the other role and try again.
            _role.GiveWay();
            pair.IsNominating = false;
            _checks.Start(pair, now);
        }
        else if (pair.Check == IceCheckState.InProgress)
        {
            pair.Check = IceCheckState.Failed;
        }
    }

    private bool IsNominating()
    {
        foreach (var pair in _pairs)
        {
            if (pair.IsNominating)
            {
                return true;
            }
        }

        return false;
    }

    private void SelectNominated(IcePair pair, Instant now)
    {
        if (_pairs.IsBestNominated(pair, now))
        {
            Select(pair, nominated: true);
        }
    }

    private void Select(IcePair pair, bool nominated)
    {
        if (_pairs.Select(pair, nominated))
        {
            _keys.ForgetPrevious();
        }

        _liveness.Connected();
        _checks.KeepConsent(pair);
    }
}

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

    private const int MaxMessageLength = 548;
    private const int MaxAttempts = 7;

    private static readonly TimeSpan InitialRetransmission = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// A selected pair that has been silent for this long loses to another on which the peer is heard: the peer's NAT has
    /// given it a new address, and it may not know. Longer than the interval of every client's checks (2.5 s at most).
    /// </summary>
    private static readonly TimeSpan RoamAfter = TimeSpan.FromSeconds(4);

    /// <summary>Quiet for so long, the selected pair is not merely overtaken by packets on another.</summary>
    private static readonly TimeSpan DataMovesAfter = TimeSpan.FromMilliseconds(500);

    private readonly IceAgentOptions _options;
    private readonly IRandomSource _random;
    private readonly IDatagramSink _sink;
    private readonly List<IcePair> _pairs = new(4);
    private readonly ulong _tieBreaker;

    // Until the peer uses the new credentials, checks with the old ones still keep the old path alive (RFC 8445 section 9).
    private IceCredentials? _previousLocal;
    private int _generation;
    private Instant _connectDeadline = Instant.Never;
    private Instant _nextCheckAllowed = Instant.Zero;
    private Instant _nextConsent = Instant.Never;
    private Instant _lastReceived;

    public IceAgent(IceAgentOptions options, IceCredentials local, IRandomSource random, IDatagramSink sink)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        _random = random;
        _sink = sink;
        Local = local;
        IsControlling = options.Controlling && !options.Lite;
        Span<byte> bytes = stackalloc byte[8];
        random.Fill(bytes);
        _tieBreaker = BitConverter.ToUInt64(bytes);
    }

    public IceState State { get; private set; }

    public IceCredentials Local { get; private set; }

    public IceCredentials? Remote { get; private set; }

    public bool IsControlling { get; private set; }

    /// <summary>Where data goes now; <see cref="PathId.None"/> before a pair is valid.</summary>
    public PathId SelectedPath => Selected?.Path ?? PathId.None;

    /// <summary>The peer's address of the selected pair.</summary>
    public TransportAddress? SelectedRemote => Selected?.Remote;

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next.</summary>
    public Instant NextDeadline
    {
        get
        {
            if (State is IceState.Failed or IceState.Closed)
            {
                return Instant.Never;
            }

            var deadline = State switch
            {
                IceState.Checking => _connectDeadline,
                IceState.Connected => _lastReceived + _options.DisconnectTimeout,
                IceState.Disconnected => _lastReceived + _options.DisconnectTimeout + _options.FailTimeout,
                _ => Instant.Never,
            };
            if (_options.Lite || Remote is null)
            {
                return deadline;
            }

            deadline = Instant.Min(deadline, _nextConsent);
            foreach (var pair in _pairs)
            {
                deadline = pair.Check switch
                {
                    IceCheckState.Waiting => Instant.Min(deadline, _nextCheckAllowed),
                    IceCheckState.InProgress => Instant.Min(deadline, pair.NextAttempt),
                    _ => deadline,
                };
            }

            return deadline;
        }
    }

    /// <summary>Bytes of checks and answers that were sent.</summary>
    public long BytesSent { get; private set; }

    private IcePair? Selected { get; set; }

    private bool HasNominated { get; set; }

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
            BeginGeneration();
        }

        Remote = remote;
        if (State is IceState.New or IceState.Failed)
        {
            State = IceState.Checking;
        }

        _connectDeadline = now + _options.ConnectTimeout;
        _lastReceived = State == IceState.Connected ? _lastReceived : now;
        foreach (var pair in _pairs)
        {
            WantCheck(pair);
        }
    }

    /// <summary>A candidate of the peer, from SDP or trickled. Ignored when the table is full.</summary>
    public void AddRemoteCandidate(in TransportAddress address, uint priority)
    {
        if (State is IceState.Closed || _pairs.Count >= MaxPairs || address.Port == 0)
        {
            return;
        }

        var pair = Find(address);
        if (pair is null)
        {
            // A lite agent sends nothing first, so it has no use for candidates before a check arrives from them.
            if (_options.Lite)
            {
                return;
            }

            pair = Add(address, priority);
        }

        if (pair.Generation != _generation)
        {
            pair.Generation = _generation;
            pair.Check = IceCheckState.Idle;
        }

        pair.RemotePriority = priority;
        WantCheck(pair);
    }

    /// <summary>Starts a new generation with new credentials of ours (RFC 8445 section 9). Data goes on flowing meanwhile.</summary>
    public void Restart(IceCredentials local, Instant now)
    {
        ArgumentNullException.ThrowIfNull(local);
        if (State == IceState.Closed)
        {
            return;
        }

        _previousLocal = Local;
        Local = local;
        BeginGeneration();
        _connectDeadline = now + _options.ConnectTimeout;
        if (State == IceState.Failed)
        {
            State = Remote is null ? IceState.New : IceState.Checking;
        }
    }

    /// <summary>True when data from this address may be taken: an authenticated check came from there.</summary>
    public bool IsAuthenticated(in TransportAddress from) =>
        (Selected is { } selected && selected.Remote == from) || Find(from) is { IsAuthenticated: true };

    /// <summary>Says that authentic data (not STUN) came, which shows as well as a check that the peer is there.</summary>
    public void NoteReceived(Instant now)
    {
        _lastReceived = now;
        if (State == IceState.Disconnected)
        {
            State = IceState.Connected;
        }
    }

    /// <summary>
    /// The same, and where it came from: a peer sends from where it can be reached. When it does so from another proven address
    /// while the selected one has gone quiet, it has moved, and is followed long before <see cref="RoamAfter"/>.
    /// </summary>
    public void NoteReceived(in TransportAddress from, Instant now)
    {
        NoteReceived(now);
        if (Selected is not { } selected)
        {
            return;
        }

        if (selected.Remote == from)
        {
            selected.LastData = now;
        }
        else if (now - selected.LastData >= DataMovesAfter
            && Find(from) is { } pair
            && pair.Generation == _generation
            && CanServe(pair))
        {
            pair.LastData = now;
            Select(pair, HasNominated);
        }
    }

    /// <summary>Handles one datagram that looks like STUN. Bytes that are not authentic change nothing.</summary>
    public void HandleStun(ReadOnlySpan<byte> datagram, in TransportAddress from, Instant now)
    {
        if (State is IceState.Closed or IceState.Failed
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
        if (State is IceState.Failed or IceState.Closed)
        {
            return;
        }

        if (!_options.Lite && Remote is not null)
        {
            SendDueChecks(now);
        }

        if (State == IceState.Checking && now >= _connectDeadline)
        {
            Fail();
        }
        else if (State is IceState.Connected or IceState.Disconnected)
        {
            CheckLiveness(now);
        }
    }

    /// <summary>The connection behind this address is gone; another valid pair takes over, or silence ends the transport.</summary>
    public void HandlePathLost(in TransportAddress remote)
    {
        if (Find(remote) is not { } lost)
        {
            return;
        }

        Remove(lost);
        if (lost != Selected)
        {
            return;
        }

        Selected = null;
        HasNominated = false;
        foreach (var pair in _pairs)
        {
            if (CanServe(pair) && (Selected is null || pair.LastReceived > Selected.LastReceived))
            {
                Selected = pair;
            }
        }
    }

    /// <summary>Ends the agent; its paths are given back.</summary>
    public void Close()
    {
        foreach (var pair in _pairs)
        {
            _sink.ClosePath(pair.Path);
        }

        _pairs.Clear();
        Selected = null;
        State = IceState.Closed;
    }

    private void HandleRequest(in StunMessage message, in TransportAddress from, Instant now)
    {
        var username = message.Username;
        var colon = username.IndexOf((byte)':');
        if (colon < 0 || !TryMatchLocal(username[..colon], out var credentials) || !message.VerifyIntegrity(credentials.PasswordBytes))
        {
            return;
        }

        var response = new IceResponder(_sink, credentials.PasswordBytes);
        var pair = Find(from) ?? Add(from, message.TryGetPriority(out var priority) ? priority : 0);
        Span<ushort> unknown = stackalloc ushort[8];
        var unknownCount = message.GetUnknownRequiredAttributes(unknown);
        if (unknownCount > 0)
        {
            BytesSent += response.UnknownAttributes(pair.Path, message.TransactionId, unknown[..unknownCount]);
            return;
        }

        if (!ResolveRole(message))
        {
            BytesSent += response.RoleConflict(pair.Path, message.TransactionId);
            return;
        }

        BytesSent += response.Success(pair.Path, message.TransactionId, from);
        if (credentials == Local && pair.Generation != _generation)
        {
            pair.Generation = _generation;
            pair.Check = IceCheckState.Idle;
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
        if (useCandidate || Selected is null || IsSelectedSilent(now))
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
            StartCheck(pair, now);
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

        if (pair.Check == IceCheckState.Succeeded && IsSelectedSilent(now))
        {
            Select(pair, nominated: true);
        }
    }

    private void HandleResponse(in StunMessage message, in TransportAddress from, Instant now)
    {
        var pair = Find(from);

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
        else if (Selected is null)
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

        if (Selected is null)
        {
            Select(pair, nominated: false);
        }

        if (HasNominated && pair != Selected && IsSelectedSilent(now))
        {
            Select(pair, nominated: true);
        }

        if (!HasNominated && !_pairs.Exists(static p => p.IsNominating))
        {
            pair.IsNominating = true;
            StartCheck(pair, now);
        }
    }

    private void OnErrorResponse(IcePair pair, in StunMessage message, Instant now)
    {
        if (message.TryGetErrorCode(out var code) && code == StunErrorCode.RoleConflict)
        {
            // RFC 8445 section 7.2.5.1: take the other role and try again.
            IsControlling = !IsControlling && !_options.Lite;
            pair.IsNominating = false;
            StartCheck(pair, now);
        }
        else if (pair.Check == IceCheckState.InProgress)
        {
            pair.Check = IceCheckState.Failed;
        }
    }

    /// <summary>
    /// Whether data may be sent there. A check of the peer's says no more than what its sender wrote as its source: a full agent
    /// sends nothing but STUN before its own check was answered from there (RFC 8445 section 7.3.1.4, RFC 7675 section 5.1).
    /// </summary>
    private bool CanServe(IcePair pair) => _options.Lite ? pair.IsAuthenticated : pair.IsProven;

    /// <summary>RFC 8445 section 7.3.1.1. False when the peer must give way, which a 487 tells it.</summary>
    private bool ResolveRole(in StunMessage message)
    {
        if (!message.TryGetRole(out var peerControls, out var peerTieBreaker) || peerControls != IsControlling)
        {
            return true;
        }

        if (_options.Lite || (_tieBreaker >= peerTieBreaker) == IsControlling)
        {
            return false;
        }

        IsControlling = !IsControlling;
        return true;
    }

    /// <summary>Clients that nominate aggressively name several pairs; the best of them counts while it lives.</summary>
    private void SelectNominated(IcePair pair, Instant now)
    {
        if (!HasNominated
            || Selected is null
            || Selected.Generation != _generation
            || pair.RemotePriority >= Selected.RemotePriority
            || now - Selected.LastReceived >= RoamAfter)
        {
            Select(pair, nominated: true);
        }
    }

    private void Select(IcePair pair, bool nominated)
    {
        var movedOn = Selected is not null && Selected.Generation != pair.Generation;
        Selected = pair;
        HasNominated = nominated;

        // Chosen by checks, it has its time before data that comes another way counts again.
        pair.LastData = Instant.Max(pair.LastData, pair.LastReceived);
        State = IceState.Connected;
        _connectDeadline = Instant.Never;
        _nextConsent = Instant.Min(_nextConsent, pair.LastReceived + _options.ConsentInterval);
        if (movedOn || (nominated && pair.Generation == _generation))
        {
            _previousLocal = null;
            RemoveOldGenerations();
        }
    }

    private bool IsSelectedSilent(Instant now) => Selected is null || now - Selected.LastReceived >= RoamAfter;

    private void CheckLiveness(Instant now)
    {
        var silence = now - _lastReceived;
        if (silence >= _options.DisconnectTimeout + _options.FailTimeout
            || (!_options.Lite && Selected is { } pair && now - pair.LastResponse >= _options.ConsentTimeout))
        {
            Fail();
        }
        else if (silence >= _options.DisconnectTimeout)
        {
            State = IceState.Disconnected;
        }
    }

    private void Fail()
    {
        State = IceState.Failed;
        _nextConsent = Instant.Never;
    }

    private void SendDueChecks(Instant now)
    {
        if (Selected is { } selected && now >= _nextConsent)
        {
            selected.Check = IceCheckState.Succeeded;
            SendCheck(selected, newTransaction: true);
            _nextConsent = now + Jitter(_options.ConsentInterval);
        }

        IcePair? next = null;
        foreach (var pair in _pairs)
        {
            if (pair.Check == IceCheckState.InProgress && now >= pair.NextAttempt)
            {
                Retransmit(pair, now);
            }
            else if (pair.Check == IceCheckState.Waiting && (next is null || pair.RemotePriority > next.RemotePriority))
            {
                next = pair;
            }
        }

        if (next is not null && now >= _nextCheckAllowed)
        {
            StartCheck(next, now);
        }
    }

    private void Retransmit(IcePair pair, Instant now)
    {
        if (pair.Attempts >= MaxAttempts)
        {
            pair.Check = IceCheckState.Failed;
            pair.IsNominating = false;
            return;
        }

        SendCheck(pair, newTransaction: false);
        pair.Attempts++;
        pair.NextAttempt = now + InitialRetransmission * (1 << Math.Min(pair.Attempts - 1, 3));
    }

    private void StartCheck(IcePair pair, Instant now)
    {
        pair.Check = IceCheckState.InProgress;
        pair.Attempts = 1;
        pair.NextAttempt = now + InitialRetransmission;
        _nextCheckAllowed = now + _options.Pacing;
        SendCheck(pair, newTransaction: true);
    }

    private void SendCheck(IcePair pair, bool newTransaction)
    {
        Span<byte> transaction = stackalloc byte[12];
        if (newTransaction)
        {
            _random.Fill(transaction);
            _sink.MarkTransaction(transaction);
            pair.Transaction = TransactionId.Read(transaction);
        }
        else
        {
            pair.Transaction.Write(transaction);
        }

        var remote = Remote!;
        var writer = new StunWriter(_sink.Reserve(pair.Path, MaxMessageLength), StunClass.Request, transaction);
        writer.WriteUsername(remote.UfragBytes, Local.UfragBytes);
        writer.WriteRole(IsControlling, _tieBreaker);
        if (IsControlling && (pair.IsNominating || (HasNominated && pair == Selected)))
        {
            writer.WriteUseCandidate();
        }

        // RFC 8445 section 7.1.1: the priority that a peer-reflexive candidate found by this check would have.
        var tcpType = pair.Remote.Protocol == TransportProtocol.Tcp ? IceTcpType.Active : IceTcpType.None;
        writer.WritePriority(IcePriority.Compute(IceCandidateType.PeerReflexive, tcpType, ushort.MaxValue));
        Commit(writer.Finish(remote.PasswordBytes));
    }

    private TimeSpan Jitter(TimeSpan mean)
    {
        Span<byte> random = stackalloc byte[1];
        _random.Fill(random);
        return mean * (0.8 + 0.4 * random[0] / 255.0);
    }

    private void WantCheck(IcePair pair)
    {
        if (!_options.Lite && Remote is not null && pair.Generation == _generation && pair.Check == IceCheckState.Idle)
        {
            pair.Check = IceCheckState.Waiting;
        }
    }

    private bool TryMatchLocal(ReadOnlySpan<byte> ufrag, out IceCredentials credentials)
    {
        credentials = Local;
        if (ufrag.SequenceEqual(Local.UfragBytes))
        {
            return true;
        }

        if (_previousLocal is { } previous && ufrag.SequenceEqual(previous.UfragBytes))
        {
            credentials = previous;
            return true;
        }

        return false;
    }

    private IcePair? Find(in TransportAddress remote)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Remote == remote)
            {
                return pair;
            }
        }

        return null;
    }

    private IcePair Add(in TransportAddress remote, uint priority)
    {
        if (_pairs.Count >= MaxPairs)
        {
            RemoveLeastRecent();
        }

        var pair = new IcePair(remote, _sink.OpenPath(remote), priority, _generation);
        _pairs.Add(pair);
        return pair;
    }

    private void RemoveLeastRecent()
    {
        IcePair? oldest = null;
        foreach (var pair in _pairs)
        {
            if (pair != Selected && (oldest is null || pair.LastReceived < oldest.LastReceived))
            {
                oldest = pair;
            }
        }

        Remove(oldest!);
    }

    private void BeginGeneration()
    {
        _generation++;
        RemoveOldGenerations();
        if (Selected is { } selected)
        {
            selected.Check = IceCheckState.Succeeded;
        }
    }

    private void RemoveOldGenerations()
    {
        for (var i = _pairs.Count - 1; i >= 0; i--)
        {
            if (_pairs[i].Generation != _generation && _pairs[i] != Selected)
            {
                Remove(_pairs[i]);
            }
        }
    }

    private void Remove(IcePair pair)
    {
        _pairs.Remove(pair);
        _sink.ClosePath(pair.Path);
    }

    private void Commit(int length)
    {
        _sink.Commit(length);
        BytesSent += length;
    }
}

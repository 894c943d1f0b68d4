using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// Stream reset (RFC 6525): our requests, one at a time and repeated until answered, and the answers to the peer's. Data channels
/// are closed by it (RFC 8831 section 6.7).
/// </summary>
internal sealed class StreamResets(SctpOptions options, uint localTsn, uint peerTsn)
{
    private const int MaxStreamsInRequest = 256;
    private const uint ResultNothingToDo = 0;
    private const uint ResultPerformed = 1;
    private const uint ResultDenied = 2;
    private const uint ResultBadSequence = 5;
    private const uint ResultInProgress = 6;

    private readonly List<ushort> _wanted = [];
    private readonly List<ushort> _requested = [];
    private uint _nextRequest = localTsn;
    private uint _expectedRequest = peerTsn;
    private uint _lastResult = ResultNothingToDo;
    private bool _requestDue;
    private uint _requestLastTsn;
    private uint _responseTo;
    private uint _responseResult;
    private bool _responseDue;

    /// <summary>When the outstanding request is repeated.</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    public bool IsPending(ushort stream) => _wanted.Contains(stream) || _requested.Contains(stream);

    public void Want(ushort stream)
    {
        if (!IsPending(stream))
        {
            _wanted.Add(stream);
        }
    }

    public void TimedOut(Instant now, TimeSpan rto)
    {
        _requestDue = _requested.Count > 0;
        Timer = _requestDue ? now + rto : Instant.Never;
    }

    /// <summary>Appends a RE-CONFIG chunk with what is due.</summary>
    public void Write(ref SctpPacketWriter packet, SctpSender sender, Instant now, TimeSpan rto)
    {
        if (_requested.Count == 0)
        {
            CollectRequest(sender);
        }

        if (_responseDue && packet.Room >= 12)
        {
            var response = packet.Chunk(ChunkType.Reconfig, 0, 12);
            WriteHeader(response, ParameterType.ReconfigResponse, 12);
            BinaryPrimitives.WriteUInt32BigEndian(response[4..], _responseTo);
            BinaryPrimitives.WriteUInt32BigEndian(response[8..], _responseResult);
            _responseDue = false;
        }

        var length = 16 + 2 * _requested.Count;
        if (_requestDue && packet.Room >= length)
        {
            // Section 4.1: Outgoing SSN Reset Request.
            var request = packet.Chunk(ChunkType.Reconfig, 0, length);
            WriteHeader(request, ParameterType.OutgoingReset, length);
            BinaryPrimitives.WriteUInt32BigEndian(request[4..], _nextRequest);
            BinaryPrimitives.WriteUInt32BigEndian(request[8..], _expectedRequest - 1);
            BinaryPrimitives.WriteUInt32BigEndian(request[12..], _requestLastTsn);
            for (var i = 0; i < _requested.Count; i++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(request[(16 + 2 * i)..], _requested[i]);
            }

            _requestDue = false;
            Timer = now + rto;
        }
    }

    /// <summary>Takes a RE-CONFIG chunk. What it changes is told to <paramref name="target"/>.</summary>
    public void Handle(ReadOnlySpan<byte> value, uint cumulative, IStreamResetTarget target)
    {
        var rest = value;
        for (var i = 0; i < 2 && SctpPacketReader.TryTake(ref rest, out var type, out var parameter); i++)
        {
            switch ((ParameterType)type)
            {
                case ParameterType.OutgoingReset when parameter.Length >= 12:
                    HandleOutgoing(parameter, cumulative, target);
                    break;
                case ParameterType.IncomingReset when parameter.Length >= 4:
                    HandleIncoming(parameter, target);
                    break;
                case ParameterType.ReconfigResponse when parameter.Length >= 8:
                    HandleResponse(parameter, target);
                    break;
                default:
                    // TSN resets and added streams are not part of WebRTC (RFC 8831 section 6.1).
                    if (parameter.Length >= 4)
                    {
                        Respond(BinaryPrimitives.ReadUInt32BigEndian(parameter), ResultDenied);
                    }

                    break;
            }
        }
    }

    private static void WriteHeader(Span<byte> parameter, ParameterType type, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(parameter, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(parameter[2..], (ushort)length);
    }

    private void CollectRequest(SctpSender sender)
    {
        for (var i = _wanted.Count - 1; i >= 0 && _requested.Count < MaxStreamsInRequest; i--)
        {
            if (sender.IsReadyForReset(_wanted[i]))
            {
                _requested.Add(_wanted[i]);
                _wanted.RemoveAt(i);
            }
        }

        if (_requested.Count > 0)
        {
            _requestDue = true;
            _requestLastTsn = sender.LastAssignedTsn;
        }
    }

    // Section 5.2.2: the peer will send no more under the old numbers once everything up to its last TSN is here.
    private void HandleOutgoing(ReadOnlySpan<byte> parameter, uint cumulative, IStreamResetTarget target)
    {
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(parameter);
        if (!IsExpected(sequence))
        {
            return;
        }

        if (Serial.Less(cumulative, BinaryPrimitives.ReadUInt32BigEndian(parameter[8..])))
        {
            Respond(sequence, ResultInProgress, final: false);
            return;
        }

        Respond(sequence, ResultPerformed);
        var list = parameter[12..];
        if (list.Length < 2)
        {
            target.OnIncomingReset(null);
        }

        for (; list.Length >= 2; list = list[2..])
        {
            var stream = BinaryPrimitives.ReadUInt16BigEndian(list);
            if (stream < options.MaxStreams)
            {
                target.OnIncomingReset(stream);
            }
        }
    }

    // Section 5.2.3: the peer asks us to reset our side.
    private void HandleIncoming(ReadOnlySpan<byte> parameter, IStreamResetTarget target)
    {
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(parameter);
        if (!IsExpected(sequence))
        {
            return;
        }

        Respond(sequence, ResultPerformed);
        for (var list = parameter[4..]; list.Length >= 2; list = list[2..])
        {
            var stream = BinaryPrimitives.ReadUInt16BigEndian(list);
            if (stream < options.MaxStreams)
            {
                target.OnResetRequested(stream);
            }
        }
    }

    private bool IsExpected(uint sequence)
    {
        if (sequence == _expectedRequest)
        {
            return true;
        }

        // Section 5.2.1: a repeated request gets its old answer, any other is out of sequence.
        Respond(sequence, sequence == _expectedRequest - 1 ? _lastResult : ResultBadSequence, final: false);
        return false;
    }

    private void Respond(uint sequence, uint result, bool final = true)
    {
        _responseTo = sequence;
        _responseResult = result;
        _responseDue = true;
        if (final && sequence == _expectedRequest)
        {
            _lastResult = result;
            _expectedRequest++;
        }
    }

    private void HandleResponse(ReadOnlySpan<byte> parameter, IStreamResetTarget target)
    {
        var result = BinaryPrimitives.ReadUInt32BigEndian(parameter[4..]);
        if (_requested.Count == 0 || BinaryPrimitives.ReadUInt32BigEndian(parameter) != _nextRequest || result == ResultInProgress)
        {
            return;
        }

        // A refusal ends the stream as well: there is nothing left to do with it.
        _nextRequest++;
        Timer = Instant.Never;
        var done = _requested.ToArray();
        _requested.Clear();
        foreach (var stream in done)
        {
            target.OnOutgoingReset(stream);
        }
    }
}

/// <summary>What a reset changes.</summary>
internal interface IStreamResetTarget
{
    /// <summary>The peer has reset its side of a stream; null means all of them.</summary>
    void OnIncomingReset(ushort? stream);

    /// <summary>The peer wants our side reset.</summary>
    void OnResetRequested(ushort stream);

    /// <summary>Our side is reset and its numbers start again.</summary>
    void OnOutgoingReset(ushort stream);
}

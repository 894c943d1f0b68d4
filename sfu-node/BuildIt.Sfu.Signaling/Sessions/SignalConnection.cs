using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Joins;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// One client's WebSocket: reads requests at the pace the client is allowed, writes messages from a bounded queue. The room sees it
/// as a sink; when the queue is full the client is too slow and the connection is broken, after which it may resume.
/// </summary>
public sealed partial class SignalConnection : ISignalSink, IDisposable
{
    /// <summary>Largest message in bytes, after inflating.</summary>
    public const int MaxMessage = 2 * 1024 * 1024;

    /// <summary>Messages waiting for a client.</summary>
    private const int MaxQueued = 1024;

    /// <summary>Messages that could not be read before the connection is closed.</summary>
    private const int MaxMalformed = 10;

    /// <summary>Smaller messages are not worth compressing.</summary>
    private const int CompressionThreshold = 512;

    /// <summary>What may wait for a client beside one message of any size: a large room's news several times over.</summary>
    private const long MaxQueuedBytes = 16 * 1024 * 1024;

    /// <summary>How long a closing client has to answer the close.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Parts of a request are told to others; what this version does not know has no bounds and is left out.</summary>
    private static readonly MessageParser<SignalRequest> KnownFields = SignalRequest.Parser.WithDiscardUnknownFields(true);

    private readonly Channel<OutboundSignal> _outbound = Channel.CreateBounded<OutboundSignal>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, SingleWriter = false });

    private readonly CancellationTokenSource _broken = new();
    private readonly TimeProvider _time;
    private readonly LimitCounters _limited;
    private readonly ILogger _log;
    private readonly long _start;
    private readonly SignalPace _pace = new();
    private long _queuedBytes;

    // Answers go out in the format the client last used, starting with binary.
    private volatile bool _json;
    private volatile bool _closing;

    public SignalConnection(TimeProvider time, LimitCounters limited, ILogger log)
    {
        _time = time;
        _limited = limited;
        _log = log;
        _start = time.GetTimestamp();
    }

    /// <summary>Ends when the client's media is connected; null where tracing is off.</summary>
    internal Activity? Span { get; init; }

    public void MediaReady() => Span?.Stop();

    public void Send(OutboundSignal message)
    {
        var queued = Interlocked.Add(ref _queuedBytes, message.Size);
        if ((queued > MaxQueuedBytes + message.Size || !_outbound.Writer.TryWrite(message)) && !_closing)
        {
            _limited.Count(ClientLimit.SignalQueue);
            LogTooSlow(_log);
            Abort();
        }
    }

    public void Close()
    {
        _closing = true;
        _outbound.Writer.TryComplete();
    }

    public void Abort()
    {
        _closing = true;
        _outbound.Writer.TryComplete();

        // Cancelling runs the socket's callbacks, which must not happen on the room's loop.
        _ = Task.Run(() =>
        {
            try
            {
                _broken.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The connection ended by itself meanwhile.
            }
        });
    }

    /// <summary>Serves the socket until either side ends; then tells the room.</summary>
    public async Task RunAsync(WebSocket socket, RoomHost host, JoinResult joined, CancellationToken stopping)
    {
        var participant = joined.Sid;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_broken.Token, stopping);
        var writing = WriteAsync(socket, ended);
        try
        {
            if (joined.State is { } state)
            {
                await HandleAsync(new SignalRequest { SyncState = state }, host, participant).ConfigureAwait(false);
            }

            if (joined.Offer is { } offer)
            {
                await FinishOfferAsync(offer, host, participant).ConfigureAwait(false);
            }

            await ReadAsync(socket, host, participant, ended.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException)
        {
            // The network's way of saying goodbye.
        }
        finally
        {
            Close();
            await LoseAsync(host, participant).ConfigureAwait(false);
            ended.CancelAfter(CloseTimeout);
            await writing.ConfigureAwait(false);
            socket.Abort();
        }
    }

    /// <summary>The upgrade failed after the room had taken the client in.</summary>
    public Task LoseAsync(RoomHost host, ParticipantSid participant) =>
        host.InvokeAsync((room, now) => room.SignalLost(participant, this, now));

    public void Dispose() => _broken.Dispose();

    private async Task ReadAsync(WebSocket socket, RoomHost host, ParticipantSid participant, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var malformed = 0;
        while (true)
        {
            buffer.ResetWrittenCount();
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.GetMemory(4096), cancel).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                buffer.Advance(received.Count);
                if (buffer.WrittenCount > MaxMessage)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.MessageTooBig, "message too big", cancel).ConfigureAwait(false);
                    return;
                }
            }
            while (!received.EndOfMessage);

            await DelayAsync(_pace.Arrived(buffer.WrittenCount, Now), ClientLimit.SignalRate, host, participant, cancel).ConfigureAwait(false);
            var started = WorkClock.Read();
            var parsed = TryParse(received.MessageType, buffer.WrittenSpan);
            var reading = WorkClock.Read() - started;
            if (parsed is { } request)
            {
                if (Pings.Answer(request, _time.GetUtcNow()) is { } answer)
                {
                    Send(answer);
                    continue;
                }

                var work = await HandleAsync(request, host, participant).ConfigureAwait(false);
                await DelayAsync(_pace.Worked(reading + work, Now), ClientLimit.SignalWork, host, participant, cancel).ConfigureAwait(false);
            }
            else if (++malformed > MaxMalformed)
            {
                await host.InvokeAsync((room, now) => room.CountLimit(participant, ClientLimit.Malformed, now)).ConfigureAwait(false);
                await socket.CloseOutputAsync(WebSocketCloseStatus.InvalidPayloadData, "malformed messages", cancel).ConfigureAwait(false);
                return;
            }

            if (buffer.Capacity > 64 * 1024)
            {
                // One large offer should not keep its memory for the rest of the call.
                buffer = new ArrayBufferWriter<byte>(4096);
            }
        }
    }

    internal static bool TryRead(ReadOnlySpan<byte> message, bool json, [NotNullWhen(true)] out SignalRequest? request) => json
        ? WireCodec.TryParseJson(Encoding.UTF8.GetString(message), out request)
        : WireCodec.TryParse(message, KnownFields, out request);

    private SignalRequest? TryParse(WebSocketMessageType type, ReadOnlySpan<byte> message)
    {
        _json = type == WebSocketMessageType.Text;
        return TryRead(message, _json, out var request) ? request : null;
    }

    /// <summary>A client that sends too much is read more slowly; what it has sent waits in its own network buffers.</summary>
    private async Task DelayAsync(TimeSpan wait, ClientLimit limit, RoomHost host, ParticipantSid participant, CancellationToken cancel)
    {
        if (wait > TimeSpan.Zero)
        {
            await host.InvokeAsync((room, now) => room.CountLimit(participant, limit, now)).ConfigureAwait(false);
            await Task.Delay(wait, _time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Has the room do what is asked; returns how much work that took, on the room's loop and here.</summary>
    private async Task<TimeSpan> HandleAsync(SignalRequest request, RoomHost host, ParticipantSid participant)
    {
        if ((request.Offer ?? request.Answer) is not { } text)
        {
            return await HandleSlicesAsync(request, host, participant).ConfigureAwait(false);
        }

        // Session descriptions can be large: what does not need the loop, which is media's, happens here.
        var started = WorkClock.Read();
        var description = RemoteDescription.Parse(text.Sdp);
        var spent = WorkClock.Read() - started;
        if (text == request.Answer)
        {
            return spent + await MeasureAsync(host, (room, now) => room.Handle(participant, this, request, now, description)).ConfigureAwait(false);
        }

        OfferWork? offer = null;
        spent += await MeasureAsync(host, (room, now) => offer = room.BeginOffer(participant, this, text.Id, description, now)).ConfigureAwait(false);
        return offer is null ? spent : spent + await FinishOfferAsync(offer, host, participant).ConfigureAwait(false);
    }

    /// <summary>Requests that name many tracks are handled a few at a time: the loop is that of media and of other rooms.</summary>
    private async Task<TimeSpan> HandleSlicesAsync(SignalRequest request, RoomHost host, ParticipantSid participant)
    {
        // What is too much is for the room to refuse, as a whole.
        var spent = TimeSpan.Zero;
        using var slices = (host.Exceeds(request) ? [request] : RequestSlices.Of(request)).GetEnumerator();
        while (true)
        {
            var started = WorkClock.Read();
            var more = slices.MoveNext();
            spent += WorkClock.Read() - started;
            if (!more)
            {
                return spent;
            }

            var slice = slices.Current;
            spent += await MeasureAsync(host, (room, now) => room.Handle(participant, this, slice, now)).ConfigureAwait(false);
        }
    }

    private async Task<TimeSpan> FinishOfferAsync(OfferWork offer, RoomHost host, ParticipantSid participant)
    {
        var started = WorkClock.Read();
        offer.Answer.Build();
        var spent = WorkClock.Read() - started;
        return spent + await MeasureAsync(host, (room, now) => room.FinishOffer(participant, this, offer, now)).ConfigureAwait(false);
    }

    /// <summary>Does something on the room's loop, and measures how much work that was.</summary>
    private static Task<TimeSpan> MeasureAsync(RoomHost host, Action<RoomCore, Instant> work) => host.InvokeAsync((room, now) =>
    {
        var started = WorkClock.Read();
        work(room, now);
        return WorkClock.Read() - started;
    });

    private Instant Now => new((long)_time.GetElapsedTime(_start).TotalMicroseconds);

    private async Task WriteAsync(WebSocket socket, CancellationTokenSource ended)
    {
        try
        {
            await foreach (var message in _outbound.Reader.ReadAllAsync(ended.Token).ConfigureAwait(false))
            {
                var json = _json;
                var bytes = json ? Encoding.UTF8.GetBytes(message.Json) : message.Binary;
                var flags = WebSocketMessageFlags.EndOfMessage;

                // A token must not share a compression window with text that others choose.
                if (bytes.Length < CompressionThreshold || message.Message.MessageCase == SignalResponse.MessageOneofCase.RefreshToken)
                {
                    flags |= WebSocketMessageFlags.DisableCompression;
                }

                Interlocked.Add(ref _queuedBytes, -message.Size);
                await socket.SendAsync(bytes, json ? WebSocketMessageType.Text : WebSocketMessageType.Binary, flags, ended.Token)
                    .ConfigureAwait(false);
            }

            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ended.Token).ConfigureAwait(false);
            }

            // The reader waits for the client's own close, but not for ever.
            ended.CancelAfter(CloseTimeout);
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A signal connection is too slow for its messages and is closed")]
    private static partial void LogTooSlow(ILogger log);
}

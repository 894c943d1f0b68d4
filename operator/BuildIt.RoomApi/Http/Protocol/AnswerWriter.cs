using System.Buffers;
using System.IO.Pipelines;

namespace BuildIt.RoomApi.Http.Protocol;

/// <summary>
/// What a connection's answers go through. It changes nothing until <see cref="Replace"/>: from then on whatever the server
/// still writes is dropped, and the given bytes are sent in its place. One thread at a time, as the server writes.
/// </summary>
internal sealed class AnswerWriter(PipeWriter connection) : PipeWriter
{
    private const int ScratchSize = 4096;

    private byte[]? _answer;
    private byte[] _scratch = [];
    private bool _sent;

    public override bool CanGetUnflushedBytes => connection.CanGetUnflushedBytes;

    public override long UnflushedBytes => connection.UnflushedBytes;

    /// <summary>Sends <paramref name="answer"/> as the last thing on this connection, instead of the server's own.</summary>
    public void Replace(byte[] answer) => _answer ??= answer;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _answer is null ? connection.GetMemory(sizeHint) : Scratch(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _answer is null ? connection.GetSpan(sizeHint) : Scratch(sizeHint);

    public override void Advance(int bytes)
    {
        if (_answer is null)
        {
            connection.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Send();
        return connection.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => connection.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        Send();
        connection.Complete(exception);
    }

    private void Send()
    {
        if (_answer is not null && !_sent)
        {
            _sent = true;
            connection.Write(_answer);
        }
    }

    private byte[] Scratch(int size) => _scratch.Length >= Math.Max(size, 1) ? _scratch : _scratch = new byte[Math.Max(size, ScratchSize)];
}

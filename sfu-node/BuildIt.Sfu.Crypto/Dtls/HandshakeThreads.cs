namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// Runs handshakes on a bounded number of threads, made when needed and ended when idle. More wait in a bounded queue, so a
/// flood of handshakes costs neither threads nor memory without limit. Thread-safe.
/// </summary>
internal sealed class HandshakeThreads(DtlsOptions options)
{
    /// <summary>Handshakes do not recurse; the default of 8 MB would be wasted.</summary>
    private const int StackSize = 512 * 1024;

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly Queue<Handshake> _waiting = new();
    private readonly object _lock = new();
    private int _threads;
    private int _idle;

    /// <summary>False when there are too many already.</summary>
    public bool TryStart(Handshake handshake)
    {
        lock (_lock)
        {
            if (_waiting.Count >= options.MaxWaitingHandshakes)
            {
                return false;
            }

            _waiting.Enqueue(handshake);
            if (_idle >= _waiting.Count)
            {
                Monitor.Pulse(_lock);
            }
            else if (_threads < options.MaxConcurrentHandshakes)
            {
                _threads++;
                new Thread(Work, StackSize) { IsBackground = true, Name = "dtls-handshake" }.Start();
            }

            return true;
        }
    }

    private void Work()
    {
        while (TryTake(out var handshake))
        {
            handshake!.Run();
        }
    }

    private bool TryTake(out Handshake? handshake)
    {
        lock (_lock)
        {
            while (!_waiting.TryDequeue(out handshake))
            {
                _idle++;
                var signalled = Monitor.Wait(_lock, IdleTime);
                _idle--;
                if (!signalled && _waiting.Count == 0)
                {
                    _threads--;
                    return false;
                }
            }

            return true;
        }
    }
}

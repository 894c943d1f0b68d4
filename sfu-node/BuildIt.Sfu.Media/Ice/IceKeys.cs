namespace BuildIt.Sfu.Media.Ice;

/// <summary>The credentials of both sides, through restarts (RFC 8445 section 9).</summary>
internal sealed class IceKeys(IceCredentials local)
{
    // Until the peer uses the new credentials, checks with the old ones still keep the old path alive.
    private IceCredentials? _previousLocal;

    public IceCredentials Local { get; private set; } = local;

    /// <summary>Null until the peer's description is here.</summary>
    public IceCredentials? Remote { get; set; }

    /// <summary>New credentials of ours; the ones before hold until <see cref="ForgetPrevious"/>.</summary>
    public void Restart(IceCredentials local)
    {
        _previousLocal = Local;
        Local = local;
    }

    /// <summary>The peer uses the new ones.</summary>
    public void ForgetPrevious() => _previousLocal = null;

    /// <summary>Our credentials with the fragment that a check names first.</summary>
    public bool TryMatchLocal(ReadOnlySpan<byte> ufrag, out IceCredentials credentials)
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
}

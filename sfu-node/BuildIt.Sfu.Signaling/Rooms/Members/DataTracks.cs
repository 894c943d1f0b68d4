using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>A published data track. <see cref="Info"/> is never changed.</summary>
internal sealed record DataTrack(Member Publisher, DataTrackInfo Info);

/// <summary>The data tracks one participant publishes and receives.</summary>
internal sealed class DataTracks
{
    private readonly HashSet<ushort> _used = [];
    private ushort _lastHandle;

    /// <summary>By the publisher's handle.</summary>
    public Dictionary<ushort, DataTrack> Published { get; } = [];

    /// <summary>Handle under which this subscriber receives a track, by track sid.</summary>
    public Dictionary<string, ushort> Handles { get; } = new(StringComparer.Ordinal);

    /// <summary>What the client asked for, by track sid; otherwise its auto-subscribe setting decides.</summary>
    public Dictionary<string, bool> Wishes { get; } = new(StringComparer.Ordinal);

    /// <summary>Gives a handle that is not in use; 0 is never one.</summary>
    public ushort Allocate(string trackSid)
    {
        do
        {
            _lastHandle++;
        }
        while (_lastHandle == 0 || !_used.Add(_lastHandle));

        Handles[trackSid] = _lastHandle;
        return _lastHandle;
    }

    /// <summary>Takes a track's handle back. False when it had none.</summary>
    public bool Release(string trackSid)
    {
        var had = Handles.Remove(trackSid, out var handle);
        if (had)
        {
            _used.Remove(handle);
        }

        return had;
    }
}

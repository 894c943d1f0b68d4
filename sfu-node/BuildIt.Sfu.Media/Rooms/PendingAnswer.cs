namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// An offer between <see cref="IMediaPeer.BeginOffer"/> and <see cref="IMediaPeer.FinishOffer"/>. What takes time for a large one,
/// <see cref="Build"/>, touches nothing but this, so that it may run on any thread while the loop goes on with media.
/// </summary>
public abstract class PendingAnswer
{
    /// <summary>Makes the answer. Once, after it was begun and before it is finished.</summary>
    public abstract void Build();
}

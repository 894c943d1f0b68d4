using BuildIt.Operator.Api;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;

namespace BuildIt.Operator.Rooms;

/// <summary>Ends a room that is being deleted and tells its clients, before the object goes.</summary>
internal sealed class ConferenceRoomFinalizer(
    ConferenceRoomReconciler reconciler, RoomEnding ending, RegistryHub registries, RoomObserver observer, TimeProvider time) : IFinalizer<ConferenceRoom>
{
    /// <summary>An object is not kept from going for longer because a registry is away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task<FinalizeResult> FinalizeAsync(ConferenceRoom entity, CancellationToken cancellationToken)
    {
        var ns = entity.Metadata.NamespaceProperty;
        if (RoomRoutes.Origin(entity.Status) is not null)
        {
            var fleets = observer.Fleets(ns);
            var late = time.GetUtcNow() - entity.Metadata.DeletionTimestamp!.Value.ToUniversalTime() > Patience;
            var nobodyToTell = fleets is { Known.Count: 0, Unplanned.Count: 0 } && registries.InNamespace(ns).Count == 0;
            if (await ending.EndAsync(entity, "it was deleted", cancellationToken).ConfigureAwait(false) is { } retry && !late && !nobodyToTell)
            {
                return FinalizeResult.Wait(retry);
            }
        }

        reconciler.Forget(ObjectKey.Of(entity));
        return FinalizeResult.Done;
    }
}

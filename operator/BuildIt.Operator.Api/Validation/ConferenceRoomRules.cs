namespace BuildIt.Operator.Api.Validation;

/// <summary>What the fields of a ConferenceRoom must say together.</summary>
internal static class ConferenceRoomRules
{
    public static void Check(ConferenceRoom room, ConferenceRoom? previous, DateTimeOffset? now, FaultList faults)
    {
        var spec = room.Spec;
        if (previous is not null && previous.Spec.CreatedBy != spec.CreatedBy)
        {
            faults.Add("spec.createdBy", "cannot be changed");
        }

        if (spec.DisplayName?.Any(char.IsControl) == true)
        {
            faults.Add("spec.displayName", "must not contain control characters");
        }

        if (spec.ExpectedParticipants > spec.MaxParticipants)
        {
            faults.Add("spec.expectedParticipants", $"must not be above maxParticipants ({spec.ExpectedParticipants} > {spec.MaxParticipants})");
        }

        // An expired room must stay editable, or its finalizer could never be removed.
        if (previous is null && now is { } instant && spec.ExpiresAt is { } expiry && expiry.ToUniversalTime() <= instant.UtcDateTime)
        {
            faults.Add("spec.expiresAt", "must be in the future");
        }

        if (spec.Placement is { Cascade: CascadeMode.Always, Regions.Count: 0 })
        {
            faults.Add("spec.placement.regions", "is required when cascade is Always");
        }

        if (spec.Placement is { Cascade: CascadeMode.Always } placement && placement.Regions.Count > placement.MaxRegions)
        {
            faults.Add("spec.placement.maxRegions", $"must not be below the number of regions when cascade is Always ({placement.MaxRegions} < {placement.Regions.Count})");
        }

        // What runs is not refused its finalizers for a word of somebody's; only the word itself is.
        if (room.Metadata?.Annotations is { } annotations && annotations.TryGetValue(SfuApi.MoveTo, out var pod)
            && !KubernetesNames.IsDnsSubdomain(pod) && Before(previous) != pod)
        {
            faults.Add($"metadata.annotations[{SfuApi.MoveTo}]", "must be the name of a pod");
        }

        SelectorRules.Check(spec.Placement.ClusterSelector, "spec.placement.clusterSelector", faults);
    }

    private static string? Before(ConferenceRoom? previous) =>
        previous?.Metadata?.Annotations is { } annotations && annotations.TryGetValue(SfuApi.MoveTo, out var pod) ? pod : null;
}

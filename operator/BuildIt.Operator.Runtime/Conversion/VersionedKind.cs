using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>What distinguishes two neighbouring versions of a kind.</summary>
/// <param name="Older">For example <c>v1alpha1</c>.</param>
/// <param name="Newer">For example <c>v1beta1</c>.</param>
/// <param name="Changes">In the order in which they lead from the older to the newer.</param>
public sealed record VersionStep(string Older, string Newer, params IReadOnlyList<IFieldChange> Changes);

/// <summary>A kind of which several versions are served, and how an object gets from any of them to any other. Immutable.</summary>
public sealed class VersionedKind
{
    private readonly IReadOnlyList<VersionStep> _steps;
    private readonly string[] _versions;

    /// <param name="group">Its API group.</param>
    /// <param name="kind">Its name, such as <c>SfuCluster</c>.</param>
    /// <param name="plural">Its name in URLs.</param>
    /// <param name="steps">From the oldest version to the newest, each beginning where the one before ends.</param>
    /// <exception cref="ArgumentException">The steps do not lead from one version to the next.</exception>
    public VersionedKind(string group, string kind, string plural, params IReadOnlyList<VersionStep> steps)
    {
        _versions = [.. steps.Take(1).Select(step => step.Older), .. steps.Select(step => step.Newer)];
        if (steps.Count == 0 || steps.Skip(1).Zip(steps).Any(pair => pair.First.Older != pair.Second.Newer) || _versions.Distinct().Count() != _versions.Length)
        {
            throw new ArgumentException($"the steps of {kind} do not lead from one version to the next", nameof(steps));
        }

        (Group, Kind, Plural, _steps) = (group, kind, plural, steps);
    }

    public string Group { get; }

    public string Kind { get; }

    public string Plural { get; }

    /// <summary>From the oldest to the newest.</summary>
    public IReadOnlyList<string> Versions => _versions;

    /// <summary>The name of its CustomResourceDefinition.</summary>
    public string Definition => $"{Plural}.{Group}";

    /// <summary>Brings an object to a version, in place. Beside the version, and an annotation for each step, only what the steps name changes.</summary>
    /// <param name="item">With apiVersion and metadata. Of no use any more after an exception.</param>
    /// <param name="to">The API version, group included.</param>
    /// <exception cref="ConversionException">The object, its version or the wanted one is not as it should be.</exception>
    public void Convert(JsonObject item, string to)
    {
        var (from, end) = (PlaceOf(item["apiVersion"] is JsonValue value && value.TryGetValue<string>(out var version) ? version : string.Empty), PlaceOf(to));
        for (; from < end; from++)
        {
            Upgrade(item, _steps[from]);
        }

        for (; from > end; from--)
        {
            Downgrade(item, _steps[from - 1]);
        }

        item["apiVersion"] = to;
    }

    private void Upgrade(JsonObject item, VersionStep step)
    {
        var kept = KeptFields.TakeFrom(item, AnnotationOf(step));
        foreach (var change in step.Changes)
        {
            change.Upgrade(item, kept);
        }
    }

    private void Downgrade(JsonObject item, VersionStep step)
    {
        // What a newer object has there is not ours: nothing is kept of what it can say itself.
        _ = KeptFields.TakeFrom(item, AnnotationOf(step));
        var kept = new KeptFields();
        foreach (var change in step.Changes.Reverse())
        {
            change.Downgrade(item, kept);
        }

        kept.StoreIn(item, AnnotationOf(step));
    }

    private string AnnotationOf(VersionStep step) => $"{Group}/kept-for-{step.Newer}";

    private int PlaceOf(string apiVersion)
    {
        var place = apiVersion.Split('/') is [var group, var version] && group == Group ? Array.IndexOf(_versions, version) : -1;
        return place >= 0
            ? place
            : throw new ConversionException($"'{apiVersion}' is no version of it; known are {string.Join(", ", _versions.Select(known => $"{Group}/{known}"))}");
    }
}

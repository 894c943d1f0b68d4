using BuildIt.Operator.Runtime.Caching;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Caching;

public sealed class ObjectStoreTests
{
    private readonly ObjectStore<V1Pod> _store = new();

    [Fact]
    public void An_older_version_changes_nothing()
    {
        Assert.NotNull(_store.Upsert(Pod("a", "5")));
        Assert.Null(_store.Upsert(Pod("a", "5")));
        Assert.Null(_store.Upsert(Pod("a", "4")));
        Assert.Equal("5", _store.Find(new ObjectKey("ns", "a"))!.Metadata.ResourceVersion);
    }

    [Fact]
    public void Taking_over_a_list_finds_what_was_missed()
    {
        _store.Upsert(Pod("kept", "1"));
        _store.Upsert(Pod("changed", "2"));
        _store.Upsert(Pod("deleted", "3"));
        _store.Upsert(Pod("recreated", "4", uid: "old"));

        var changes = _store.Replace([Pod("kept", "1"), Pod("changed", "9"), Pod("recreated", "8", uid: "new"), Pod("added", "7")]);

        Assert.Equal(
            ["added:added", "changed:changed", "deleted:deleted", "recreated:added", "recreated:deleted"],
            changes.Select(c => $"{c.Latest.Metadata.Name}:{Kind(c)}").Order(StringComparer.Ordinal));
        Assert.Equal("recreated:deleted", changes.Select(c => $"{c.Latest.Metadata.Name}:{Kind(c)}").First(c => c.StartsWith("recreated", StringComparison.Ordinal)));
        Assert.Equal(4, _store.Count);
    }

    [Fact]
    public void A_list_is_the_truth_even_when_its_versions_are_older()
    {
        _store.Upsert(Pod("a", "100"));

        Assert.Single(_store.Replace([Pod("a", "7")]));
        Assert.Equal("7", _store.Find(new ObjectKey("ns", "a"))!.Metadata.ResourceVersion);
    }

    [Fact]
    public void Indexes_follow_changes()
    {
        _store.AddIndex("node", p => p.Spec?.NodeName is { } node ? [node] : []);
        _store.Upsert(Pod("a", "1", node: "n1"));
        _store.Upsert(Pod("b", "2", node: "n1"));
        _store.Upsert(Pod("a", "3", node: "n2"));

        Assert.Equal(["b"], _store.FindBy("node", "n1").Select(p => p.Metadata.Name));
        Assert.Equal(["a"], _store.FindBy("node", "n2").Select(p => p.Metadata.Name));

        _store.Remove(new ObjectKey("ns", "a"));
        Assert.Empty(_store.FindBy("node", "n2"));
        Assert.Empty(_store.FindBy("node", "unknown"));
    }

    [Fact]
    public void An_index_added_later_holds_what_is_there()
    {
        _store.Upsert(Pod("a", "1", node: "n1"));
        _store.AddIndex("node", p => [p.Spec.NodeName]);

        Assert.Single(_store.FindBy("node", "n1"));
    }

    [Fact]
    public void Removing_what_is_not_there_changes_nothing() => Assert.Null(_store.Remove(new ObjectKey("ns", "a")));

    private static string Kind(ObjectChange<V1Pod> change) => (change.Old, change.New) switch
    {
        (null, _) => "added",
        (_, null) => "deleted",
        _ => "changed",
    };

    private static V1Pod Pod(string name, string version, string? uid = null, string? node = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns", Uid = uid ?? name, ResourceVersion = version },
        Spec = node is null ? null : new V1PodSpec { NodeName = node },
    };
}

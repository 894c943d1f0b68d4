using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.CrdGen;

namespace BuildIt.Operator.Api.Tests.Schema;

public sealed class SchemaBuilderTests
{
    public static TheoryData<Type> Kinds() => [.. CrdDocument.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_schema_is_structural(Type kind) => Walk(SchemaBuilder.For(kind), kind.Name, node =>
        node.Type is not null || node.IntOrString || node.PreserveUnknownFields);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Keys_of_list_maps_are_required(Type kind) => Walk(SchemaBuilder.For(kind), kind.Name, node =>
        node.ListMapKeys.All(k => node.Items!.Required.Contains(k)));

    [Fact]
    public void Defaults_are_the_initial_values()
    {
        var spec = SchemaBuilder.For(typeof(SfuCluster)).Property("spec")!;

        Assert.Equal(50, spec.Property("capacity")!.Property("maxPublishers")!.Default!.GetValue<int>());
        Assert.Equal("5m", spec.Property("autoscaling")!.Property("scaleDown")!.Property("stabilization")!.Default!.GetValue<string>());
        Assert.Equal("0s", spec.Property("autoscaling")!.Property("scaleUp")!.Property("stabilization")!.Default!.GetValue<string>());
        Assert.Equal("4Gi", spec.Property("resources")!.Property("requests")!.Default!["memory"]!.GetValue<string>());
        Assert.Null(spec.Property("region")!.Default);
        Assert.Null(spec.Property("geo")!.Default);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_default_of_an_object_with_rules_is_written_out_whole(Type kind) => Walk(SchemaBuilder.For(kind), kind.Name, node =>
        node.Rules.Count == 0 || node.Default is not JsonObject written
        || node.Properties.Where(property => property.Value.Default is not null).All(property => written.ContainsKey(property.Key)));

    [Fact]
    public void Status_has_no_defaults() =>
        Walk(SchemaBuilder.For(typeof(SfuCluster)).Property("status")!, "status", node => node.Default is null);

    private static void Walk(SchemaNode node, string path, Func<SchemaNode, bool> holds)
    {
        Assert.True(holds(node), path);
        foreach (var (name, property) in node.Properties)
        {
            Walk(property, $"{path}.{name}", holds);
        }

        if (node.Items is not null)
        {
            Walk(node.Items, path + "[]", holds);
        }

        if (node.AdditionalProperties is not null)
        {
            Walk(node.AdditionalProperties, path + "{}", holds);
        }
    }
}

using System.Reflection;
using BuildIt.Operator.Api.Units;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Api.Schema;

/// <summary>Adds what the attributes of a property say to the schema of its type.</summary>
internal static class SchemaConstraints
{
    public static SchemaNode Apply(SchemaNode node, PropertyInfo property)
    {
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds)
        {
            node = node with
            {
                Minimum = double.IsInfinity(bounds.Minimum) ? null : bounds.Minimum,
                Maximum = double.IsInfinity(bounds.Maximum) ? null : bounds.Maximum,
            };
        }

        if (property.GetCustomAttribute<TextLengthAttribute>() is { } length)
        {
            node = node with { MinLength = length.Minimum, MaxLength = length.Maximum };
        }

        if (property.GetCustomAttribute<TextPatternAttribute>() is { } pattern)
        {
            node = node.Items is { } items
                ? node with { Items = items with { Pattern = pattern.Pattern, Expected = pattern.Expected, MaxLength = items.MaxLength ?? 259 } }
                : node with { Pattern = pattern.Pattern, Expected = pattern.Expected };
        }

        // Maps have no maxItems; their size is the validators' matter.
        if (property.GetCustomAttribute<ItemsAttribute>() is { } count)
        {
            node = node with { MinItems = count.Minimum > 0 ? count.Minimum : null, MaxItems = count.Maximum };
        }

        if (property.IsDefined(typeof(ListSetAttribute)))
        {
            node = node with { ListType = "set" };
        }

        if (property.GetCustomAttribute<ListMapAttribute>() is { } map)
        {
            node = node with { ListType = "map", ListMapKeys = map.Keys };
        }

        if (property.IsDefined(typeof(AlwaysTrueAttribute)))
        {
            node = node with { OnlyTrue = true };
        }

        if (property.IsDefined(typeof(OutsideNodePortsAttribute)))
        {
            var (first, last) = node.Type == "object" ? ("self.first", "self.last") : ("self", "self");
            node = node with { Rules = [.. node.Rules, new CelRule($"{last} < {NodePorts.FirstOwn} || {first} > {NodePorts.LastOwn}", $"{NodePorts.FirstOwn} to {NodePorts.LastOwn} are ports of the node itself")] };
        }

        node = ApplyTextBounds(node, property);
        var rules = property.GetCustomAttributes<CelRuleAttribute>().Select(r => new CelRule(r.Rule, r.Message)).ToList();
        return rules.Count == 0 ? node : node with { Rules = [.. node.Rules, .. rules] };
    }

    private static SchemaNode ApplyTextBounds(SchemaNode node, PropertyInfo property)
    {
        if (property.GetCustomAttribute<DurationBoundsAttribute>() is { } span)
        {
            var (low, high) = (KubeDuration.Parse(span.Minimum).Or(TimeSpan.Zero), KubeDuration.Parse(span.Maximum).Or(TimeSpan.MaxValue));
            var message = $"must be between {span.Minimum} and {span.Maximum}";
            node = node with
            {
                TextCheck = text => KubeDuration.Parse(text).TryGet(out var value) && value >= low && value <= high ? null : message,
                Rules = [.. node.Rules, new CelRule($"duration(self) >= duration('{span.Minimum}') && duration(self) <= duration('{span.Maximum}')", message)],
            };
        }

        if (property.GetCustomAttribute<BandwidthBoundsAttribute>() is { } rate)
        {
            var (low, high) = (Bandwidth.Parse(rate.Minimum).BitsPerSecondOr(0), Bandwidth.Parse(rate.Maximum).BitsPerSecondOr(long.MaxValue));
            var message = $"must be between {rate.Minimum} and {rate.Maximum}";
            node = node with
            {
                TextCheck = text => Bandwidth.Parse(text).TryGet(out var value) && value >= low && value <= high ? null : message,
            };
        }

        return node;
    }
}

namespace BuildIt.Operator.Api.Schema;

/// <summary>The field must be given; it has no default.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RequiredAttribute : Attribute;

/// <summary>Inclusive numeric bounds; an infinite side is absent from the schema.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(double minimum = double.NegativeInfinity, double maximum = double.PositiveInfinity) : Attribute
{
    public double Minimum { get; } = minimum;

    public double Maximum { get; } = maximum;
}

/// <summary>Inclusive bounds of a duration, written as durations.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationBoundsAttribute(string minimum, string maximum) : Attribute
{
    public string Minimum { get; } = minimum;

    public string Maximum { get; } = maximum;
}

/// <summary>Inclusive bounds of a rate of data, written as rates.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BandwidthBoundsAttribute(string minimum, string maximum) : Attribute
{
    public string Minimum { get; } = minimum;

    public string Maximum { get; } = maximum;
}

/// <summary>A regular expression for a string, with the words that explain it to whoever wrote something else.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextPatternAttribute(string pattern, string expected) : Attribute
{
    public string Pattern { get; } = pattern;

    /// <summary>What is expected, as the end of "must be ...".</summary>
    public string Expected { get; } = expected;
}

/// <summary>Inclusive bounds on the length of a string, in characters.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextLengthAttribute(int minimum, int maximum) : Attribute
{
    public int Minimum { get; } = minimum;

    public int Maximum { get; } = maximum;
}

/// <summary>Inclusive bounds on the number of entries of a list or map.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemsAttribute(int minimum, int maximum) : Attribute
{
    public int Minimum { get; } = minimum;

    public int Maximum { get; } = maximum;
}

/// <summary>A list that behaves as a map with these keys, so that several writers can own different entries.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapAttribute(params string[] keys) : Attribute
{
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>A list in which no value appears twice.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListSetAttribute : Attribute;

/// <summary>
/// A validation rule in the Common Expression Language, for servers that evaluate it (1.25 and later). The validators in
/// <c>Validation</c> say the same in code for every server.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
public sealed class CelRuleAttribute(string rule, string message) : Attribute
{
    public string Rule { get; } = rule;

    public string Message { get; } = message;
}

/// <summary>A port, or a range with first and last, that keeps clear of what the node keeps for itself (<c>NodePorts</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutsideNodePortsAttribute : Attribute;

/// <summary>The only value that a boolean may have.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AlwaysTrueAttribute : Attribute;

/// <summary>A column of <c>kubectl get</c>; a priority above zero shows it only with <c>-o wide</c>.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrinterColumnAttribute(string name, string type, string jsonPath, int priority = 0) : Attribute
{
    public string Name { get; } = name;

    public string Type { get; } = type;

    public string JsonPath { get; } = jsonPath;

    public int Priority { get; } = priority;

    public string? Description { get; init; }
}

/// <summary>Short names of a kind for the command line.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ShortNamesAttribute(params string[] names) : Attribute
{
    public IReadOnlyList<string> Names { get; } = names;
}

/// <summary>The paths of the scale subresource.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ScaleSubresourceAttribute(string specReplicasPath, string statusReplicasPath, string labelSelectorPath) : Attribute
{
    public string SpecReplicasPath { get; } = specReplicasPath;

    public string StatusReplicasPath { get; } = statusReplicasPath;

    public string LabelSelectorPath { get; } = labelSelectorPath;
}

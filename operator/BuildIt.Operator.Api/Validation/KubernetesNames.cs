using System.Text.RegularExpressions;

namespace BuildIt.Operator.Api.Validation;

/// <summary>How Kubernetes lets things be named, as its own validation has it.</summary>
internal static partial class KubernetesNames
{
    public const string KeyExpected = "is not a valid key; write name or prefix/name with letters, digits, '-', '_' and '.'";

    public const string LabelValueExpected = "is not a valid label value; at most 63 letters, digits, '-', '_' and '.'";

    public const string VariableExpected = "must be letters, digits, '_', '-' and '.', and not begin with a digit";

    public static bool IsDnsLabel(string? text) => text is not null && DnsLabel().IsMatch(text);

    /// <summary>The name of most objects, pods among them.</summary>
    public static bool IsDnsSubdomain(string? text) => text is { Length: <= 253 } && DnsSubdomain().IsMatch(text);

    /// <summary>The key of a label, an annotation or a resource.</summary>
    public static bool IsKey(string? text) => text is not null && QualifiedName().IsMatch(text);

    public static bool IsLabelValue(string? text) => LabelValue().IsMatch(text ?? string.Empty);

    /// <summary>The name of an environment variable. Servers since 1.30 take more; this is what all of them take.</summary>
    public static bool IsVariable(string? text) => text is not null && Variable().IsMatch(text) && text is not ("." or "..") && !text.StartsWith("..", StringComparison.Ordinal);

    /// <summary>The name of a port (RFC 6335, section 5.1).</summary>
    public static bool IsPortName(string? text) =>
        text is not null && PortName().IsMatch(text) && text.Any(char.IsAsciiLetter) && !text.Contains("--", StringComparison.Ordinal);

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsSubdomain();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^[-._a-zA-Z][-._a-zA-Z0-9]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortName();
}

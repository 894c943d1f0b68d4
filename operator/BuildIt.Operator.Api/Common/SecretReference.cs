using System.ComponentModel;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api;

/// <summary>A Secret in the namespace of the object that names it.</summary>
public sealed record SecretReference
{
    [Required]
    [Description("Name of a Secret in the same namespace.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string Name { get; init; } = string.Empty;
}

using System.Text;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Which objects of a kind are listed and watched; null means all.</summary>
public sealed record ListQuery(string? LabelSelector = null, string? FieldSelector = null)
{
    public static ListQuery All { get; } = new();

    internal void AppendTo(StringBuilder url)
    {
        if (LabelSelector is not null)
        {
            url.Append("&labelSelector=").Append(Uri.EscapeDataString(LabelSelector));
        }

        if (FieldSelector is not null)
        {
            url.Append("&fieldSelector=").Append(Uri.EscapeDataString(FieldSelector));
        }
    }
}

using System.Text;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Which objects of a kind are listed and watched.</summary>
/// <param name="LabelSelector">By labels; null means all.</param>
/// <param name="FieldSelector">By fields; null means all.</param>
/// <param name="MayBeAbsent">The server need not have the kind: its cache is complete, and empty, as long as discovery does not name it.</param>
public sealed record ListQuery(string? LabelSelector = null, string? FieldSelector = null, bool MayBeAbsent = false)
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

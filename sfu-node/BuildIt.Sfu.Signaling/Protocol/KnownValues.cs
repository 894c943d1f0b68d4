namespace BuildIt.Sfu.Signaling.Protocol;

/// <summary>Values of enumerations in messages: any number can be written as one.</summary>
internal static class KnownValues
{
    /// <summary>Only the values that this version of the protocol has, each once.</summary>
    public static IEnumerable<T> Of<T>(IEnumerable<T> values)
        where T : struct, Enum => values.Where(Enum.IsDefined).Distinct();
}

using System.Diagnostics.CodeAnalysis;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>A statement about accepted input that turned out false.</summary>
public sealed class PropertyException(string message) : Exception(message);

internal static class Property
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string statement)
    {
        if (!condition)
        {
            throw new PropertyException(statement);
        }
    }
}

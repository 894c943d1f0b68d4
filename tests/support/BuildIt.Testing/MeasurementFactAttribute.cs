using System.Globalization;
using Xunit;

namespace BuildIt.Testing;

/// <summary>A measurement that takes minutes and wants the machine to itself: it runs when a variable of the environment says so.</summary>
public sealed class MeasurementFactAttribute : FactAttribute
{
    /// <param name="variable">The variable, which may say how often what is measured is to be done.</param>
    /// <param name="target">The target of make that sets it.</param>
    /// <param name="needsRoot">It runs containers or shapes networks.</param>
    public MeasurementFactAttribute(string variable, string target, bool needsRoot = false)
    {
        (Variable, Target, NeedsRoot) = (variable, target, needsRoot);
        if (Environment.GetEnvironmentVariable(variable) is null)
        {
            Skip = $"takes minutes; make {target} runs it ({variable})";
        }
        else if (needsRoot && !Environment.IsPrivilegedProcess)
        {
            Skip = "needs root";
        }
    }

    /// <summary>The variable of the environment.</summary>
    public string Variable { get; }

    /// <summary>The target of make.</summary>
    public string Target { get; }

    /// <summary>Whether only root can run it.</summary>
    public bool NeedsRoot { get; }

    /// <summary>How often what is measured is to be done; once where the variable does not say.</summary>
    /// <param name="variable">The variable of the environment.</param>
    public static int Times(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? times : 1;
}

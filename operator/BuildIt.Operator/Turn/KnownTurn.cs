namespace BuildIt.Operator.Turn;

/// <summary>What is known of one TURN server. Pure. Not safe for several threads.</summary>
internal sealed class KnownTurn
{
    /// <summary>It is called unreachable after so many failures in a row: a packet that was lost is no news.</summary>
    public const int Failures = 3;

    private int _failures;

    /// <summary>Whether it answers; null until that is known.</summary>
    public bool? Answers { get; private set; }

    /// <summary>What did not answer, in words; empty while all of it does.</summary>
    public string Fault { get; private set; } = string.Empty;

    /// <summary>Takes in a look at it.</summary>
    /// <param name="fault">What did not answer; null when all did.</param>
    /// <returns>True when there is something new to say.</returns>
    public bool Look(string? fault)
    {
        var (answered, said) = (Answers, Fault);
        _failures = fault is null ? 0 : _failures + 1;
        if (fault is null)
        {
            (Answers, Fault) = (true, string.Empty);
        }
        else if (_failures >= Failures)
        {
            (Answers, Fault) = (false, fault);
        }

        return (answered, said) != (Answers, Fault);
    }
}

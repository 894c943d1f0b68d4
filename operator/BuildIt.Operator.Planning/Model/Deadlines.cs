namespace BuildIt.Operator.Planning.Model;

/// <summary>Gathers the moments at which time alone changes a decision, and keeps the first that is still to come.</summary>
internal sealed class Deadlines(DateTimeOffset now)
{
    public DateTimeOffset? Next { get; private set; }

    public void Add(DateTimeOffset at)
    {
        if (at > now && (Next is null || at < Next))
        {
            Next = at;
        }
    }
}

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Says whether this process may write now. Asked before each changing call.</summary>
public interface IWriteFence
{
    bool MayWrite { get; }
}

namespace BuildIt.Operator.Api.Validation;

/// <summary>One thing wrong with a resource: where, and what to change.</summary>
/// <param name="Field">Path of the field, for example <c>spec.replicas.min</c>.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
public sealed record Fault(string Field, string Message)
{
    public override string ToString() => $"{Field}: {Message}";
}

/// <summary>Collects faults in the order in which they are found. A missing field is only missing: nothing else is said of it.</summary>
public sealed class FaultList
{
    public const string Missing = "is required";

    private readonly List<Fault> _faults = [];

    public IReadOnlyList<Fault> Faults => _faults;

    public void Add(string field, string message)
    {
        var fault = new Fault(field, message);
        if (!_faults.Contains(fault) && !_faults.Contains(new Fault(field, Missing)))
        {
            _faults.Add(fault);
        }
    }
}

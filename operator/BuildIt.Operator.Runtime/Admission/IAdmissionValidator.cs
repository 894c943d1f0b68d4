using System.Text.Json;

namespace BuildIt.Operator.Runtime.Admission;

/// <summary>A change that the API server asks about.</summary>
/// <param name="Operation">CREATE or UPDATE.</param>
/// <param name="Object">The object as it would be stored.</param>
/// <param name="Old">The stored object when this is an update.</param>
public sealed record AdmissionRequest(string Operation, JsonElement Object, JsonElement? Old);

/// <summary>One thing that is wrong with an object.</summary>
/// <param name="Field">Path of the field, for example <c>spec.replicas.min</c>.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
/// <param name="IsMissing">The field has to be given and is not.</param>
public sealed record AdmissionFault(string Field, string Message, bool IsMissing = false)
{
    public override string ToString() => $"{Field}: {Message}";
}

/// <summary>Judges changes to one kind. Pure and quick: the API server waits for the answer.</summary>
public interface IAdmissionValidator
{
    string Kind { get; }

    /// <summary>Everything that is wrong; empty to allow. Must not throw for any JSON.</summary>
    IReadOnlyList<AdmissionFault> Validate(AdmissionRequest request);
}

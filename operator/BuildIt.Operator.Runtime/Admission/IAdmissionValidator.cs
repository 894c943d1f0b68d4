using System.Text.Json;

namespace BuildIt.Operator.Runtime.Admission;

/// <summary>A change that the API server asks about.</summary>
/// <param name="Operation">CREATE or UPDATE.</param>
/// <param name="Object">The object as it would be stored.</param>
/// <param name="Old">The stored object when this is an update.</param>
public sealed record AdmissionRequest(string Operation, JsonElement Object, JsonElement? Old);

/// <summary>Judges changes to one kind. Pure and quick: the API server waits for the answer.</summary>
public interface IAdmissionValidator
{
    string Kind { get; }

    /// <summary>Everything that is wrong, each as a sentence that says what to change; empty to allow. Must not throw for any JSON.</summary>
    IReadOnlyList<string> Validate(AdmissionRequest request);
}

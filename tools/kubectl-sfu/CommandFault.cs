namespace BuildIt.KubectlSfu;

/// <summary>Something that a person has to be told: what is wrong, and what to do about it.</summary>
public sealed class CommandFault(string message) : Exception(message);

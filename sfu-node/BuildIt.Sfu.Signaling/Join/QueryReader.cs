namespace BuildIt.Sfu.Signaling.Join;

/// <summary>Query parameters by name; null when absent.</summary>
public delegate string? QueryReader(string name);

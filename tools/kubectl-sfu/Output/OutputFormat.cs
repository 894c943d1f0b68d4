namespace BuildIt.KubectlSfu.Output;

/// <summary>How answers are written.</summary>
public enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,
    Json,
    Yaml,
}

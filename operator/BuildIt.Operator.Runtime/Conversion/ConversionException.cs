namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>An object cannot be converted. The message says why, to whoever asked the API server for it; it holds no values of fields.</summary>
public sealed class ConversionException(string message) : Exception(message);

namespace BuildIt.Operator.Api.Units;

/// <summary>
/// A value that people write as text in a resource. It keeps the text as it was written, valid or not, so that reading
/// an object never fails and a validator can name the fault; <see cref="IsValid"/> says whether the value means something.
/// </summary>
public interface ITextValue<TSelf>
    where TSelf : struct, ITextValue<TSelf>
{
    /// <summary>The text as written, never null.</summary>
    string Text { get; }

    /// <summary>True when <see cref="Text"/> follows the grammar and its value is representable.</summary>
    bool IsValid { get; }

    /// <summary>Wraps any text. Never throws; wrong text gives a value with <see cref="IsValid"/> false.</summary>
    static abstract TSelf Parse(string? text);
}

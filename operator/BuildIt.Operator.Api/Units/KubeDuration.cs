using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Api.Units;

/// <summary>
/// A duration as Kubernetes resources write it: whole numbers with the units <c>ms</c>, <c>s</c>, <c>m</c>, <c>h</c>,
/// for example <c>30s</c> or <c>1h30m</c>. Equality is by value, so <c>60s</c> equals <c>1m</c>.
/// </summary>
[JsonConverter(typeof(TextValueConverter<KubeDuration>))]
public readonly struct KubeDuration : ITextValue<KubeDuration>, IEquatable<KubeDuration>
{
    /// <summary>The grammar as the schema states it.</summary>
    public const string Pattern = "^([0-9]{1,9}(ms|s|m|h))+$";

    private const int MaxTextLength = 64;

    private readonly string? _text;
    private readonly TimeSpan _value;

    private KubeDuration(string text, TimeSpan value, bool isValid)
    {
        _text = text;
        _value = value;
        IsValid = isValid;
    }

    public string Text => _text ?? string.Empty;

    public bool IsValid { get; }

    /// <summary>The span, or <paramref name="fallback"/> when the text is wrong or absent.</summary>
    public TimeSpan Or(TimeSpan fallback) => IsValid ? _value : fallback;

    /// <summary>The span when the text is valid.</summary>
    public bool TryGet(out TimeSpan value)
    {
        value = _value;
        return IsValid;
    }

    public static KubeDuration Parse(string? text)
    {
        text ??= string.Empty;
        return TryRead(text, out var value) ? new KubeDuration(text, value, true) : new KubeDuration(text, TimeSpan.Zero, false);
    }

    /// <summary>The canonical text of <paramref name="span"/>, to the millisecond; a negative span gives zero.</summary>
    public static KubeDuration From(TimeSpan span)
    {
        var left = Math.Max(0, (long)span.TotalMilliseconds);
        if (left == 0)
        {
            return new KubeDuration("0s", TimeSpan.Zero, true);
        }

        var text = new StringBuilder();
        foreach (var (unit, size) in (ReadOnlySpan<(string, long)>)[("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)])
        {
            if (left >= size)
            {
                text.Append(CultureInfo.InvariantCulture, $"{left / size}{unit}");
                left %= size;
            }
        }

        return Parse(text.ToString());
    }

    public static implicit operator KubeDuration(string text) => Parse(text);

    public bool Equals(KubeDuration other) =>
        IsValid && other.IsValid ? _value == other._value : IsValid == other.IsValid && Text == other.Text;

    public override bool Equals(object? obj) => obj is KubeDuration other && Equals(other);

    public override int GetHashCode() => IsValid ? _value.GetHashCode() : Text.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(KubeDuration left, KubeDuration right) => left.Equals(right);

    public static bool operator !=(KubeDuration left, KubeDuration right) => !left.Equals(right);

    public override string ToString() => Text;

    private static bool TryRead(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text.IsEmpty || text.Length > MaxTextLength)
        {
            return false;
        }

        // Nine digits of hours are 3.6e15 ms and at most 32 terms fit in the text: a long cannot overflow here.
        long milliseconds = 0;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9)
            {
                return false;
            }

            var amount = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            var (scale, length) = text switch
            {
                ['m', 's', ..] => (1L, 2),
                ['s', ..] => (1000L, 1),
                ['m', ..] => (60_000L, 1),
                ['h', ..] => (3_600_000L, 1),
                _ => (0L, 0),
            };
            if (length == 0)
            {
                return false;
            }

            milliseconds += amount * scale;
            text = text[length..];
        }

        if (milliseconds > TimeSpan.MaxValue.TotalMilliseconds / 2)
        {
            return false;
        }

        value = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }
}

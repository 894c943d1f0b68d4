using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Api.Units;

/// <summary>
/// A number of pods, either absolute (<c>2</c>) or a share of the fleet (<c>"25%"</c>). In JSON an absolute number is
/// an integer and a share is a string, as in Kubernetes' IntOrString.
/// </summary>
[JsonConverter(typeof(CountOrPercentConverter))]
public readonly struct CountOrPercent : ITextValue<CountOrPercent>, IEquatable<CountOrPercent>
{
    /// <summary>The grammar of the string form as the schema states it.</summary>
    public const string Pattern = "^[0-9]{1,5}%?$";

    private readonly string? _text;

    private CountOrPercent(string text, int amount, bool isPercent, bool isValid)
    {
        _text = text;
        Amount = amount;
        IsPercent = isPercent;
        IsValid = isValid;
    }

    public string Text => _text ?? string.Empty;

    public bool IsValid { get; }

    /// <summary>True when <see cref="Amount"/> is a share of the fleet in percent.</summary>
    public bool IsPercent { get; }

    /// <summary>The number of pods, or the percentage; zero when invalid.</summary>
    public int Amount { get; }

    /// <summary>The number of pods that this means in a fleet of <paramref name="total"/>, a share being rounded up.</summary>
    public int Of(int total) => IsPercent ? (int)(((long)Math.Max(0, total) * Amount + 99) / 100) : Amount;

    public static CountOrPercent Parse(string? text)
    {
        text ??= string.Empty;
        var isPercent = text.EndsWith('%');
        var number = text.AsSpan(0, text.Length - (isPercent ? 1 : 0));
        return number.Length is >= 1 and <= 5 && !number.ContainsAnyExceptInRange('0', '9')
            ? new CountOrPercent(text, int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture), isPercent, true)
            : new CountOrPercent(text, 0, isPercent, false);
    }

    public static implicit operator CountOrPercent(string text) => Parse(text);

    public static implicit operator CountOrPercent(int pods) => Parse(pods.ToString(CultureInfo.InvariantCulture));

    public bool Equals(CountOrPercent other) => IsValid && other.IsValid
        ? Amount == other.Amount && IsPercent == other.IsPercent
        : IsValid == other.IsValid && Text == other.Text;

    public override bool Equals(object? obj) => obj is CountOrPercent other && Equals(other);

    public override int GetHashCode() => IsValid ? HashCode.Combine(Amount, IsPercent) : Text.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(CountOrPercent left, CountOrPercent right) => left.Equals(right);

    public static bool operator !=(CountOrPercent left, CountOrPercent right) => !left.Equals(right);

    public override string ToString() => Text;

    private sealed class CountOrPercentConverter : TextValueConverter<CountOrPercent>
    {
        public override void Write(Utf8JsonWriter writer, CountOrPercent value, JsonSerializerOptions options)
        {
            if (value is { IsValid: true, IsPercent: false })
            {
                writer.WriteNumberValue(value.Amount);
            }
            else
            {
                writer.WriteStringValue(value.Text);
            }
        }
    }
}

using System.Globalization;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Api.Units;

/// <summary>
/// A rate of data as people write it, in bits per second with a decimal prefix: <c>500Mbps</c>, <c>2.5Gbps</c>.
/// Equality is by value, so <c>1000Mbps</c> equals <c>1Gbps</c>.
/// </summary>
[JsonConverter(typeof(TextValueConverter<Bandwidth>))]
public readonly struct Bandwidth : ITextValue<Bandwidth>, IEquatable<Bandwidth>
{
    /// <summary>The grammar as the schema states it.</summary>
    public const string Pattern = "^[0-9]{1,9}(\\.[0-9]{1,3})?(bps|kbps|Mbps|Gbps|Tbps)$";

    private static readonly (string Unit, decimal Scale)[] Units =
    [
        ("Tbps", 1e12m), ("Gbps", 1e9m), ("Mbps", 1e6m), ("kbps", 1e3m), ("bps", 1m),
    ];

    private readonly string? _text;
    private readonly long _bitsPerSecond;

    private Bandwidth(string text, long bitsPerSecond, bool isValid)
    {
        _text = text;
        _bitsPerSecond = bitsPerSecond;
        IsValid = isValid;
    }

    public string Text => _text ?? string.Empty;

    public bool IsValid { get; }

    /// <summary>Bits per second, or <paramref name="fallback"/> when the text is wrong or absent.</summary>
    public long BitsPerSecondOr(long fallback) => IsValid ? _bitsPerSecond : fallback;

    /// <summary>The rate in bits per second when the text is valid.</summary>
    public bool TryGet(out long bitsPerSecond)
    {
        bitsPerSecond = _bitsPerSecond;
        return IsValid;
    }

    public static Bandwidth Parse(string? text)
    {
        text ??= string.Empty;
        return TryRead(text, out var rate) ? new Bandwidth(text, rate, true) : new Bandwidth(text, 0, false);
    }

    /// <summary>The shortest exact text of a rate; a negative rate gives zero.</summary>
    public static Bandwidth FromBitsPerSecond(long bitsPerSecond)
    {
        bitsPerSecond = Math.Max(0, bitsPerSecond);
        foreach (var (unit, scale) in Units)
        {
            var amount = bitsPerSecond / scale;
            if (amount >= 1 && decimal.Round(amount, 3) == amount)
            {
                return new Bandwidth(amount.ToString("0.###", CultureInfo.InvariantCulture) + unit, bitsPerSecond, true);
            }
        }

        return new Bandwidth(bitsPerSecond.ToString(CultureInfo.InvariantCulture) + "bps", bitsPerSecond, true);
    }

    public static implicit operator Bandwidth(string text) => Parse(text);

    public bool Equals(Bandwidth other) =>
        IsValid && other.IsValid ? _bitsPerSecond == other._bitsPerSecond : IsValid == other.IsValid && Text == other.Text;

    public override bool Equals(object? obj) => obj is Bandwidth other && Equals(other);

    public override int GetHashCode() => IsValid ? _bitsPerSecond.GetHashCode() : Text.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(Bandwidth left, Bandwidth right) => left.Equals(right);

    public static bool operator !=(Bandwidth left, Bandwidth right) => !left.Equals(right);

    public override string ToString() => Text;

    private static bool TryRead(string text, out long bitsPerSecond)
    {
        bitsPerSecond = 0;
        foreach (var (unit, scale) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            var number = text.AsSpan(0, text.Length - unit.Length);
            var point = number.IndexOf('.');
            var whole = point < 0 ? number : number[..point];
            var fraction = point < 0 ? default : number[(point + 1)..];
            if (whole.Length is < 1 or > 9 || whole.ContainsAnyExceptInRange('0', '9')
                || (point >= 0 && (fraction.Length is < 1 or > 3 || fraction.ContainsAnyExceptInRange('0', '9'))))
            {
                return false;
            }

            // At most 999999999.999 Tbps, 1e21: beyond a long, so compare before narrowing.
            var rate = decimal.Parse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * scale;
            if (rate > long.MaxValue)
            {
                return false;
            }

            bitsPerSecond = (long)rate;
            return true;
        }

        return false;
    }
}

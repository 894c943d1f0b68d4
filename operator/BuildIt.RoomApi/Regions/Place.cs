namespace BuildIt.RoomApi.Regions;

/// <summary>Roughly where somebody or something is. Null: not known.</summary>
/// <param name="Country">ISO 3166-1 alpha-2, upper case.</param>
/// <param name="Continent">AF, AN, AS, EU, NA, OC or SA.</param>
public sealed record Place(string? Country, string? Continent)
{
    public static readonly Place Unknown = new(null, null);

    /// <summary>A place from a country code alone, with the continent that it lies on. Unknown for anything that is not a code.</summary>
    public static Place OfCountry(string? code) =>
        code is { Length: 2 } && code.ToUpperInvariant() is var upper && Continents.Of(upper) is { } continent
            ? new Place(upper, continent)
            : Unknown;

    /// <summary>A caller's place is personal: it is used and forgotten.</summary>
    public override string ToString() => "Place(***)";
}

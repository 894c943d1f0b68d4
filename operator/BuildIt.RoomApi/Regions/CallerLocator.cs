using System.Net;
using MaxMind.Db;

namespace BuildIt.RoomApi.Regions;

/// <summary>
/// Where a caller is, by the first that knows: the header of a trusted proxy, then a MaxMind database (country or city).
/// The place is used for one answer and kept nowhere. Thread-safe.
/// </summary>
public sealed class CallerLocator : IDisposable
{
    private readonly string? _header;
    private readonly Reader? _database;

    /// <param name="countryHeader">Header in which trusted proxies write the caller's country code; null for none.</param>
    /// <param name="databasePath">A MaxMind DB file; null for none.</param>
    /// <exception cref="InvalidDatabaseException">The file is not a MaxMind database.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public CallerLocator(string? countryHeader, string? databasePath)
    {
        _header = countryHeader;
        _database = databasePath is null ? null : new Reader(databasePath, MaxMind.Db.FileAccessMode.Memory);
    }

    public void Dispose() => _database?.Dispose();

    /// <param name="headers">Looks up a header that a trusted proxy sent; null when the peer is not trusted.</param>
    /// <param name="address">The caller's address; null when unknown.</param>
    public Place Locate(Func<string, string?>? headers, IPAddress? address)
    {
        if (_header is not null && headers?.Invoke(_header) is { } code && Place.OfCountry(code) is { Country: not null } place)
        {
            return place;
        }

        return address is not null && _database is not null ? LookUp(_database, address) : Place.Unknown;
    }

    private static Place LookUp(Reader database, IPAddress address)
    {
        try
        {
            return database.Find<Dictionary<string, object>>(address) is { } record
                ? new Place(Text(record, "country", "iso_code"), Text(record, "continent", "code"))
                : Place.Unknown;
        }
        catch (Exception e) when (e is InvalidDatabaseException or DeserializationException or ArgumentException)
        {
            // A damaged entry, or an IPv6 address in a database of IPv4 addresses.
            return Place.Unknown;
        }
    }

    private static string? Text(Dictionary<string, object> record, string part, string name) =>
        record.TryGetValue(part, out var value) && value is Dictionary<string, object> inner && inner.TryGetValue(name, out var text)
            ? text as string
            : null;
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BuildIt.Sfu.Contracts;

/// <summary>How every contract is written: camelCase JSON without nulls, serializers generated at build time.</summary>
/// <remarks>
/// The generated code assigns the type's default to an init property that the JSON leaves out. A contract with another
/// default keeps it in its accessor or in a constructor parameter.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(FiniteNumber)])]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(NodeLoad))]
[JsonSerializable(typeof(NodeCapacity))]
[JsonSerializable(typeof(RoomRoute))]
[JsonSerializable(typeof(NodeHealth))]
[JsonSerializable(typeof(DrainCommand))]
[JsonSerializable(typeof(DrainStatus))]
[JsonSerializable(typeof(Presence))]
[JsonSerializable(typeof(Revocation))]
[JsonSerializable(typeof(RoomCreation))]
[JsonSerializable(typeof(LinkOrders))]
public sealed partial class ContractJson : JsonSerializerContext
{
    /// <summary>The largest contract that is read, in bytes. More is refused unread.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>
    /// Reads a contract that came from outside. False for anything that is not one: malformed, incomplete, or larger than
    /// <see cref="MaxBytes"/>. Never throws for what the bytes hold.
    /// </summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value)
        where T : class
    {
        value = null;
        if (utf8.IsEmpty || utf8.Length > MaxBytes)
        {
            return false;
        }

        try
        {
            value = JsonSerializer.Deserialize(utf8, type);
        }
        catch (JsonException)
        {
            return false;
        }

        if (value is not null && IsUnsound(value))
        {
            value = null;
        }

        return value is not null;
    }

    // The serializer checks nullability of properties, not of what their lists hold, nor how they belong together.
    private static bool IsUnsound(object value) => value switch
    {
        Heartbeat heartbeat => heartbeat.Rooms.Contains(null!) || heartbeat.Fences.Contains(null!)
            || heartbeat.Links.Contains(null!) || heartbeat.Links.Count > Contracts.LinkReport.MaxLinks
            || heartbeat.LinkAllowances.Contains(null!) || heartbeat.LinkAllowances.Count > Contracts.LinkAllowance.MaxFleets
            || heartbeat.Rooms.Any(room => room.Arrivals.Contains(null!) || room.Arrivals.Count > Contracts.RoomReport.MaxArrivals
                || room.Relays.Contains(null!) || room.Relays.Count > Contracts.RoomReport.MaxRelays),
        RoomRoute route => route.Seats.Contains(null!) || !route.IsTree(),
        LinkOrders orders => orders.Links.Contains(null!) || orders.Links.Count > Contracts.LinkOrders.MaxOrders
            || orders.Allowances.Contains(null!) || orders.Allowances.Count > Contracts.LinkAllowance.MaxFleets,
        _ => false,
    };

    /// <summary>Writes a contract as UTF-8 JSON.</summary>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type)
        where T : class => JsonSerializer.SerializeToUtf8Bytes(value, type);
}

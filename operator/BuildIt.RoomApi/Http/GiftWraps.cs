using System.Text;
using System.Text.Json;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Nostr;
using BuildIt.RoomApi.Registry.Mail;

namespace BuildIt.RoomApi.Http;

/// <summary>A gift wrap that is in order.</summary>
/// <param name="Event">The event; its author's key is used once and says nothing.</param>
/// <param name="Recipient">The 32 bytes of the key it is for.</param>
/// <param name="Json">As it was sent.</param>
internal sealed record GiftWrap(NostrEvent Event, byte[] Recipient, byte[] Json);

/// <summary>Reads gift wraps (NIP-59), whose content is encrypted for the recipient and stays closed. Pure.</summary>
internal static class GiftWraps
{
    public const int Kind = 1059;

    /// <summary>The largest body that is read: two of the largest events, or a batch of usual ones.</summary>
    public const int MaxBody = 512 << 10;

    /// <summary>Checks shape and sizes; signatures cost more, and are checked by <see cref="RequireAuthentic"/>.</summary>
    /// <exception cref="ApiProblem">One is not in order; the detail names the first that is not.</exception>
    public static IReadOnlyList<GiftWrap> Read(MailRequest request)
    {
        if (request.Events is not { Count: > 0 and <= MailLimits.MaxBatch } events)
        {
            throw ApiProblem.BadRequest($"events must hold 1 to {MailLimits.MaxBatch} gift wraps.");
        }

        return [.. events.Select(Read)];
    }

    /// <exception cref="ApiProblem">An id or a signature is wrong.</exception>
    public static void RequireAuthentic(IReadOnlyList<GiftWrap> wraps)
    {
        for (var i = 0; i < wraps.Count; i++)
        {
            if (!wraps[i].Event.IsAuthentic())
            {
                throw ApiProblem.BadRequest($"events[{i}]: its id or signature is wrong.");
            }
        }
    }

    private static GiftWrap Read(JsonElement element, int index)
    {
        var json = Encoding.UTF8.GetBytes(element.GetRawText());
        if (json.Length > MailLimits.MaxEvent)
        {
            throw ApiProblem.BadRequest($"events[{index}] must not have more than {MailLimits.MaxEvent} bytes.");
        }

        if (!NostrEvent.TryRead(json, out var read) || read!.Kind != Kind)
        {
            throw ApiProblem.BadRequest($"events[{index}] must be a signed event of kind {Kind} (NIP-59).");
        }

        return read.SingleTag("p") is { Length: 64 } key && key.All(char.IsAsciiHexDigitLower)
            ? new GiftWrap(read, Convert.FromHexString(key), json)
            : throw ApiProblem.BadRequest($"events[{index}] needs exactly one 'p' tag with the recipient's key in lower-case hex.");
    }
}

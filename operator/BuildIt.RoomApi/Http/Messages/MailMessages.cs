using System.ComponentModel;
using System.Text.Json;

namespace BuildIt.RoomApi.Http.Messages;

/// <summary>The body of <c>POST /v1/rooms/{id}/mailbox</c>.</summary>
public sealed record MailRequest
{
    [Description("1 to 32 gift wraps (NIP-59): signed events of kind 1059 with one p tag, at most 192 KiB each.")]
    public IReadOnlyList<JsonElement>? Events { get; init; }
}

/// <summary>What became of the events, by their ids.</summary>
public sealed record MailPutResponse
{
    [Description("Those that wait for their recipients now.")]
    public required IReadOnlyList<string> Delivered { get; init; }

    [Description("Those for whose recipient too much waits already, in sum or from your address: send them again later.")]
    public required IReadOnlyList<string> Refused { get; init; }
}

/// <summary>An event that waited.</summary>
public sealed record MailMessage
{
    [Description("When it was taken, in milliseconds since 1970.")]
    public required long At { get; init; }

    [Description("The gift wrap as it was sent. Check its signature: the server is not to be trusted.")]
    public required JsonElement Event { get; init; }
}

/// <summary>What waits for the caller, oldest first.</summary>
public sealed record MailListResponse
{
    [Description("What to give as after the next time; left out when nothing has waited yet.")]
    public string? Cursor { get; init; }

    [Description("True when more wait: ask again at once.")]
    public required bool More { get; init; }

    public required IReadOnlyList<MailMessage> Messages { get; init; }
}

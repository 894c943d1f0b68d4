using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>One request, correct until a row of the table spoils it.</summary>
internal sealed class Attempt(Replica replica, NostrSigner signer, string method, string path, string? body = null)
{
    private readonly List<string[]> _tags = [];
    private readonly List<(string Name, string Value)> _headers = [];
    private byte[] _body = Encoding.UTF8.GetBytes(body ?? "");
    private string _contentType = "application/json";
    private TimeSpan _skew;
    private int _kind = 27235;
    private string _content = "";
    private string? _signedUrl;
    private string? _signedMethod;
    private byte[]? _signedBody;
    private Func<string[], string[]?> _editTag = tag => tag;
    private Action<Dictionary<string, object>> _editEvent = _ => { };
    private Func<string, string> _editJson = json => json;
    private Func<string, string?> _editHeader = header => header;

    /// <summary>Sends it twice and gives the second answer; the second time to <paramref name="other"/> where that is given.</summary>
    public Func<Task<ApiAnswer>> Twice(Replica? other = null) => TwiceWith(header => header, other);

    /// <summary>Sends it twice, the second time with the Authorization header changed.</summary>
    public Func<Task<ApiAnswer>> TwiceWith(Func<string, string> change, Replica? other = null) => async () =>
    {
        var authorization = Authorization()!;
        (await SendAsync(replica, authorization)).Expect(System.Net.HttpStatusCode.OK);
        return await SendAsync(other ?? replica, change(authorization));
    };

    /// <summary>Signs and sends it anew until it is refused, ten times at most.</summary>
    public Func<Task<ApiAnswer>> Often() => async () =>
    {
        var answer = await SendAsync(replica, Authorization());
        for (var i = 1; i < 10 && (int)answer.Status < 400; i++)
        {
            answer = await SendAsync(replica, Authorization());
        }

        return answer;
    };

    public Func<Task<ApiAnswer>> Once() => () => SendAsync(replica, Authorization());

    /// <summary>Sends it as bytes, with a request line and headers that no client would send.</summary>
    /// <param name="line">The request line; null for the right one.</param>
    /// <param name="headers">Further lines, each with its line end.</param>
    /// <param name="rest">What follows the headers; null for the body.</param>
    /// <param name="host">Lines that name the host.</param>
    public Func<Task<ApiAnswer>> Raw(string? line = null, string headers = "", string? rest = null, string host = "Host: api.example.com\r\n") => () =>
    {
        var length = rest is null ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {_body.Length}\r\n") : "";
        var head = $"{line ?? $"{method} {path} HTTP/1.1"}\r\n{host}Authorization: {Authorization()}\r\nContent-Type: {_contentType}\r\n{length}{headers}\r\n";
        return RawHttp.SendAsync(replica.Port, [.. Encoding.Latin1.GetBytes(head), .. rest is null ? _body : Encoding.Latin1.GetBytes(rest)]);
    };

    /// <summary>The whole Authorization header; null for none.</summary>
    public Attempt Header(string? authorization) => Set(() => _editHeader = _ => authorization);

    /// <summary>Changes the right Authorization header.</summary>
    public Attempt Header(Func<string, string> edit) => Set(() => _editHeader = edit);

    public Attempt By(NostrSigner other) => Set(() => signer = other);

    public Attempt At(TimeSpan skew) => Set(() => _skew = skew);

    public Attempt Kind(int kind) => Set(() => _kind = kind);

    public Attempt Content(string content) => Set(() => _content = content);

    /// <summary>The URL that is signed, instead of the right one.</summary>
    public Attempt ForUrl(string url) => Set(() => _signedUrl = url);

    public Attempt ForMethod(string other) => Set(() => _signedMethod = other);

    public Attempt ForBody(string other) => Set(() => _signedBody = Encoding.UTF8.GetBytes(other));

    /// <summary>Changes a tag before signing; null leaves it out.</summary>
    public Attempt Tag(string name, Func<string[], string[]?> edit) => Set(() => _editTag = tag => tag[0] == name ? edit(tag) : tag);

    /// <summary>Signs further tags.</summary>
    public Attempt Tags(params string[][] tags) => Set(() => _tags.AddRange(tags));

    /// <summary>Changes the event after it was signed.</summary>
    public Attempt Event(Action<Dictionary<string, object>> edit) => Set(() => _editEvent = edit);

    /// <summary>Changes the event's JSON after it was signed.</summary>
    public Attempt Json(Func<string, string> edit) => Set(() => _editJson = edit);

    public Attempt Body(byte[] bytes) => Set(() => _body = bytes);

    /// <summary>The body's media type; empty for none.</summary>
    public Attempt Type(string type) => Set(() => _contentType = type);

    public Attempt With(string name, string value) => Set(() => _headers.Add((name, value)));

    private Attempt Set(Action change)
    {
        change();
        return this;
    }

    private string? Authorization()
    {
        var signed = _signedBody ?? _body;
        List<string[]> tags = [["u", _signedUrl ?? Replica.PublicUrl + path], ["method", _signedMethod ?? method]];
        if (signed.Length > 0)
        {
            tags.Add(["payload", Convert.ToHexStringLower(SHA256.HashData(signed))]);
        }

        tags.Add(NostrSigner.Nonce());
        var made = signer.Event(_kind, (DateTimeOffset.UtcNow + _skew).ToUnixTimeSeconds(), [.. tags.Select(_editTag).OfType<string[]>(), .. _tags], _content);
        _editEvent(made);
        var json = Encoding.UTF8.GetString(Convert.FromBase64String(NostrSigner.Encode(made)["Nostr ".Length..]));
        return _editHeader("Nostr " + Convert.ToBase64String(Encoding.UTF8.GetBytes(_editJson(json))));
    }

    private Task<ApiAnswer> SendAsync(Replica to, string? authorization) => to.SendAsync(authorization, method, path, _body, request =>
    {
        if (request.Content is { } content)
        {
            content.Headers.ContentType = null;
            if (_contentType.Length > 0)
            {
                content.Headers.TryAddWithoutValidation("Content-Type", _contentType);
            }
        }

        foreach (var (name, value) in _headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }
    });
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Sends bytes as they are, because an HTTP client would correct what is wrong with them.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Sends <paramref name="request"/> and reads the first answer. What the server does not want to read is left.</summary>
    public static async Task<ApiAnswer> SendAsync(int port, byte[] request)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        var stream = client.GetStream();
        var sending = SendAllAsync(stream, request, limit.Token);
        var answer = await ReadAsync(stream, limit.Token);
        client.Close();
        await sending;
        return answer;
    }

    private static async Task SendAllAsync(NetworkStream stream, byte[] request, CancellationToken cancellation)
    {
        try
        {
            await stream.WriteAsync(request, cancellation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The server has answered and gone.
        }
    }

    private static async Task<ApiAnswer> ReadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, bufferSize: 1, leaveOpen: true);
        var status = await reader.ReadLineAsync(cancellation) ?? throw new IOException("The server closed the connection without an answer.");
        using var response = new HttpResponseMessage((HttpStatusCode)int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture));
        response.Content = new ByteArrayContent([]);
        while (await reader.ReadLineAsync(cancellation) is { Length: > 0 } line)
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        var body = response.Headers.TransferEncodingChunked == true
            ? await ReadChunksAsync(reader, cancellation)
            : await ReadAsync(reader, (int)(response.Content.Headers.ContentLength ?? 0), cancellation);
        return new ApiAnswer(
            response.StatusCode, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    private static async Task<string> ReadChunksAsync(StreamReader reader, CancellationToken cancellation)
    {
        var body = new StringBuilder();
        while (int.Parse((await reader.ReadLineAsync(cancellation))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
        {
            body.Append(await ReadAsync(reader, size, cancellation));
            await reader.ReadLineAsync(cancellation);
        }

        return body.ToString();
    }

    private static async Task<string> ReadAsync(StreamReader reader, int length, CancellationToken cancellation)
    {
        var text = new char[length];
        return await reader.ReadBlockAsync(text, cancellation) == length ? new string(text) : throw new IOException("The answer ended early.");
    }
}

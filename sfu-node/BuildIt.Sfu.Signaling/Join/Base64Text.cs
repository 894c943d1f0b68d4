using System.Buffers;
using System.Buffers.Text;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>
/// Base64 as clients put it into URLs: either alphabet (RFC 4648 sections 4 and 5), padded or not,
/// and with a space where a form decoder took the plus away.
/// </summary>
internal static class Base64Text
{
    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        var normal = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            var length = 0;
            foreach (var c in text.AsSpan().TrimEnd('='))
            {
                if (!char.IsAscii(c))
                {
                    return false;
                }

                normal[length++] = c switch { '+' or ' ' => (byte)'-', '/' => (byte)'_', _ => (byte)c };
            }

            if (length == 0)
            {
                return false;
            }

            var decoded = new byte[Base64Url.GetMaxDecodedLength(length)];
            if (Base64Url.DecodeFromUtf8(normal.AsSpan(0, length), decoded, out var consumed, out var written) != OperationStatus.Done
                || consumed != length)
            {
                return false;
            }

            bytes = decoded.AsSpan(0, written).ToArray();
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(normal);
        }
    }
}

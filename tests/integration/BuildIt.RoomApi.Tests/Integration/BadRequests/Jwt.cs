using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Makes JSON Web Tokens of any content, which no library would sign.</summary>
internal static class Jwt
{
    public static string Make(string header, string claims, string secret)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}

namespace BuildIt.Operator.Api;

/// <summary>Regular expressions shared by the schemas, each with the words that explain it.</summary>
internal static class Patterns
{
    /// <summary>RFC 1123 label.</summary>
    public const string DnsLabel = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    public const string DnsLabelExpected = "lower-case letters, digits and '-', starting and ending with a letter or digit";

    /// <summary>RFC 1123 subdomain.</summary>
    public const string DnsSubdomain = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    public const string DnsSubdomainExpected = "a DNS name in lower case, such as sfu.example.com";

    public const string HostAndPort = "^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$";
    public const string HostAndPortExpected = "host:port, such as redis:6379";
}

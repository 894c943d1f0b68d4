using System.Text;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>
/// User fragment and password of one side of one ICE generation (RFC 8839 section 5.4). Does not print itself.
/// </summary>
public sealed class IceCredentials : IEquatable<IceCredentials>
{
    /// <summary>6 bits a character: 48 and 144 bits, where RFC 8445 section 5.3 asks for 24 and 128.</summary>
    private const int UfragLength = 8;
    private const int PasswordLength = 24;

    // The ice-char alphabet (RFC 8839 section 5.4); 64 characters, so a random byte maps without bias.
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    public IceCredentials(string ufrag, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(ufrag);
        ArgumentException.ThrowIfNullOrEmpty(password);
        Ufrag = ufrag;
        Password = password;
        UfragBytes = Encoding.ASCII.GetBytes(ufrag);
        PasswordBytes = Encoding.ASCII.GetBytes(password);
    }

    public string Ufrag { get; }

    public string Password { get; }

    internal byte[] UfragBytes { get; }

    internal byte[] PasswordBytes { get; }

    public static IceCredentials Generate(IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new IceCredentials(RandomText(random, UfragLength), RandomText(random, PasswordLength));
    }

    public bool Equals(IceCredentials? other) => other is not null && Ufrag == other.Ufrag && Password == other.Password;

    public override bool Equals(object? obj) => Equals(obj as IceCredentials);

    public override int GetHashCode() => Ufrag.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => "ice-credentials(hidden)";

    private static string RandomText(IRandomSource random, int length)
    {
        Span<byte> bytes = stackalloc byte[length];
        Span<char> text = stackalloc char[length];
        random.Fill(bytes);
        for (var i = 0; i < length; i++)
        {
            text[i] = Alphabet[bytes[i] & 63];
        }

        return new string(text);
    }
}

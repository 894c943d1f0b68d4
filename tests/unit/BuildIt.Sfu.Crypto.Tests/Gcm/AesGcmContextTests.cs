using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Gcm;

namespace BuildIt.Sfu.Crypto.Tests.Gcm;

/// <summary>Ours against .NET's own. Where the processor lacks the instructions, only the fallback is there to be tested.</summary>
public sealed class AesGcmContextTests
{
    private const int Guard = 0xA5;

    public enum Kind
    {
        LibCrypto,
        Narrow,
        Wide,
    }

    public static TheoryData<Kind> Kinds => IntrinsicAesGcm.IsSupported ? [Kind.LibCrypto, Kind.Narrow, Kind.Wide] : [Kind.LibCrypto];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Seals_and_opens_every_length_as_the_base_library_does(Kind kind)
    {
        const int Seed = 20261126;
        var random = new Random(Seed);
        var key = new byte[16];
        random.NextBytes(key);
        using var seal = Create(kind, key, encrypt: true);
        using var open = Create(kind, key, encrypt: false);
        using var reference = new AesGcm(key, AesGcmContext.TagLength);
        var nonce = new byte[AesGcmContext.NonceLength];
        for (var length = 0; length <= 1300; length++)
        {
            random.NextBytes(nonce);
            var associated = new byte[length % 300];
            random.NextBytes(associated);
            var plain = new byte[length];
            random.NextBytes(plain);
            var expected = new byte[length];
            var expectedTag = new byte[AesGcmContext.TagLength];
            reference.Encrypt(nonce, plain, expected, expectedTag, associated);

            // What lies behind the data must not be touched.
            var buffer = new byte[length + 256];
            buffer.AsSpan().Fill(Guard);
            plain.CopyTo(buffer, 0);
            var tag = new byte[AesGcmContext.TagLength];
            Assert.True(seal.Seal(nonce, associated, buffer.AsSpan(0, length), tag), $"seed {Seed}, length {length}");
            Assert.True(buffer.AsSpan(0, length).SequenceEqual(expected), $"ciphertext, seed {Seed}, length {length}");
            Assert.True(tag.AsSpan().SequenceEqual(expectedTag), $"tag, seed {Seed}, length {length}");
            Assert.Equal(-1, buffer.AsSpan(length).IndexOfAnyExcept((byte)Guard));

            Assert.True(open.Open(nonce, associated, buffer.AsSpan(0, length), tag), $"seed {Seed}, length {length}");
            Assert.True(buffer.AsSpan(0, length).SequenceEqual(plain), $"plaintext, seed {Seed}, length {length}");
            Assert.Equal(-1, buffer.AsSpan(length).IndexOfAnyExcept((byte)Guard));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Any_changed_bit_is_refused(Kind kind)
    {
        var key = RandomNumberGenerator.GetBytes(16);
        var nonce = RandomNumberGenerator.GetBytes(AesGcmContext.NonceLength);
        using var seal = Create(kind, key, encrypt: true);
        using var open = Create(kind, key, encrypt: false);
        const int Associated = 20;
        const int Length = 300;
        var message = new byte[Associated + Length + AesGcmContext.TagLength];
        Assert.True(seal.Seal(nonce, message.AsSpan(0, Associated), message.AsSpan(Associated, Length), message.AsSpan(Associated + Length)));

        bool Opens(byte[] copy) => open.Open(nonce, copy.AsSpan(0, Associated), copy.AsSpan(Associated, Length), copy.AsSpan(Associated + Length));

        Assert.True(Opens([.. message]));
        for (var bit = 0; bit < message.Length * 8; bit++)
        {
            var changed = message.ToArray();
            changed[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(Opens(changed), $"bit {bit}");
        }
    }

    [Fact]
    public void Uses_the_processors_instructions_where_they_are()
    {
        using var made = AesGcmContext.Create(new byte[16], encrypt: true);
        Assert.Equal(IntrinsicAesGcm.IsSupported, made is IntrinsicAesGcm);

        // Longer keys only occur in DTLS, a few times for each connection.
        using var longer = AesGcmContext.Create(new byte[32], encrypt: true);
        Assert.IsType<LibCryptoAesGcm>(longer);
    }

    private static AesGcmContext Create(Kind kind, byte[] key, bool encrypt) => kind switch
    {
        Kind.LibCrypto => new LibCryptoAesGcm(key, encrypt),
        _ => new IntrinsicAesGcm(key, wide: kind == Kind.Wide),
    };
}

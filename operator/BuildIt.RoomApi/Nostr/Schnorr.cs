using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using CurvePoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace BuildIt.RoomApi.Nostr;

/// <summary>
/// Verification of BIP-340 Schnorr signatures over secp256k1. The curve arithmetic is BouncyCastle's; only public values
/// are handled, so nothing here needs constant time. Thread-safe.
/// </summary>
public static class Schnorr
{
    public const int PublicKeyLength = 32;
    public const int SignatureLength = 64;

    private static readonly Org.BouncyCastle.Asn1.X9.X9ECParameters Curve = SecNamedCurves.GetByName("secp256k1");
    private static readonly BigInteger FieldSize = Curve.Curve.Field.Characteristic;
    private static readonly byte[] ChallengeTag = SHA256.HashData("BIP0340/challenge"u8);

    /// <summary>True when <paramref name="signature"/> of <paramref name="message"/> was made with the key behind <paramref name="publicKey"/>.</summary>
    /// <param name="publicKey">x coordinate, 32 bytes big-endian; any other length is refused.</param>
    /// <param name="message">Any length.</param>
    /// <param name="signature">R.x and s, 64 bytes; any other length is refused.</param>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeyLength || signature.Length != SignatureLength || LiftX(publicKey) is not { } point)
        {
            return false;
        }

        var r = new BigInteger(1, signature[..32].ToArray());
        var s = new BigInteger(1, signature[32..].ToArray());
        if (r.CompareTo(FieldSize) >= 0 || s.CompareTo(Curve.N) >= 0)
        {
            return false;
        }

        // BIP-340, Verification: R = s·G − e·P must be finite, have an even y, and have x equal to r.
        var e = Challenge(signature[..32], publicKey, message);
        var found = ECAlgorithms.SumOfTwoMultiplies(Curve.G, s, point, Curve.N.Subtract(e).Mod(Curve.N)).Normalize();
        return !found.IsInfinity && !found.AffineYCoord.TestBitZero() && found.AffineXCoord.ToBigInteger().Equals(r);
    }

    /// <summary>BIP-340, lift_x: the point with this x and an even y; null when there is none.</summary>
    private static CurvePoint? LiftX(ReadOnlySpan<byte> x)
    {
        var number = new BigInteger(1, x.ToArray());
        if (number.CompareTo(FieldSize) >= 0)
        {
            return null;
        }

        // y² = x³ + 7 has a root exactly when x is on the curve; p ≡ 3 (mod 4), so the root is c^((p+1)/4).
        var c = number.ModPow(BigInteger.Three, FieldSize).Add(BigInteger.ValueOf(7)).Mod(FieldSize);
        var y = c.ModPow(FieldSize.Add(BigInteger.One).ShiftRight(2), FieldSize);
        if (!y.Multiply(y).Mod(FieldSize).Equals(c))
        {
            return null;
        }

        return Curve.Curve.CreatePoint(number, y.TestBit(0) ? FieldSize.Subtract(y) : y);
    }

    private static BigInteger Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(ChallengeTag);
        hash.AppendData(ChallengeTag);
        hash.AppendData(r);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        return new BigInteger(1, hash.GetHashAndReset()).Mod(Curve.N);
    }
}

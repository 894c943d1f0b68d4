using BuildIt.RoomApi.Nostr;

namespace BuildIt.RoomApi.Tests.Nostr;

/// <summary>The official vectors of BIP-340.</summary>
public class SchnorrTests
{
    public static TheoryData<string, string, string, string, bool> Vectors
    {
        get
        {
            var data = new TheoryData<string, string, string, string, bool>();
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Nostr", "bip340-vectors.csv")).Skip(1))
            {
                var fields = line.Split(',');
                data.Add(fields[0], fields[2], fields[4], fields[5], fields[6] == "TRUE");
            }

            return data;
        }
    }

    [Fact]
    public void There_are_nineteen() => Assert.Equal(19, Vectors.Count);

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Vector_passes(string index, string publicKey, string message, string signature, bool valid) =>
        Assert.True(
            valid == Schnorr.Verify(Convert.FromHexString(publicKey), Convert.FromHexString(message), Convert.FromHexString(signature)),
            $"vector {index}");

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        var key = Convert.FromHexString("DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659");
        var message = Convert.FromHexString("243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89");
        var signature = Convert.FromHexString(
            "6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE33418906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A");
        Assert.True(Schnorr.Verify(key, message, signature));
        for (var bit = 0; bit < signature.Length * 8; bit += 7)
        {
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Schnorr.Verify(key, message, signature), $"bit {bit}");
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(31, 64)]
    [InlineData(33, 64)]
    [InlineData(32, 0)]
    [InlineData(32, 65)]
    public void Wrong_lengths_are_refused(int keyLength, int signatureLength) =>
        Assert.False(Schnorr.Verify(new byte[keyLength], [], new byte[signatureLength]));
}

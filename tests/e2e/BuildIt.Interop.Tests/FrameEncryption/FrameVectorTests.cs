using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>The test client's implementation makes the frames and messages of the conference client's vectors, byte for byte, and opens them.</summary>
public sealed class FrameVectorTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static TheoryData<string> Frames => [.. Read<FrameVector>("frame-v1.json").Select(vector => vector.Name)];

    public static TheoryData<string> Messages => [.. Read<DataVector>("data-v1.json").Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_frame_is_sealed_as_the_vector_says_and_opened_again(string name)
    {
        var vector = Read<FrameVector>("frame-v1.json").Single(candidate => candidate.Name == name);
        using var cipher = new AesGcm(Convert.FromHexString(vector.Key), ConferenceFrame.TagLength);
        var frame = Convert.FromHexString(vector.Frame);
        var kind = vector switch { { Codec: "vp8", KeyFrame: true } => FrameKind.Vp8Key, { Codec: "vp8" } => FrameKind.Vp8Delta, _ => FrameKind.Opus };
        var source = (TrackSource)vector.SourceByte;

        var sealedFrame = new byte[frame.Length + ConferenceFrame.Overhead];
        var clear = ConferenceFrame.ClearBytes(kind);
        var length = ConferenceFrame.Seal(cipher, vector.Epoch, Hex(vector.Salt), vector.Count, source, clear, frame, sealedFrame);
        Assert.Equal(vector.Sealed, Convert.ToHexStringLower(sealedFrame.AsSpan(0, length)));
        Assert.Equal(vector.AdditionalData, Convert.ToHexStringLower(ConferenceFrame.AdditionalData(Convert.FromHexString(vector.Header), source, frame.AsSpan(0, clear))));
        Assert.Equal(frame, ConferenceFrame.Open(cipher, source, sealedFrame));
        for (var bit = 0; bit < sealedFrame.Length * 8; bit++)
        {
            sealedFrame[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(ConferenceFrame.Open(cipher, source, sealedFrame));
            sealedFrame[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_data_message_is_sealed_as_the_vector_says(string name)
    {
        var vector = Read<DataVector>("data-v1.json").Single(candidate => candidate.Name == name);
        using var cipher = new AesGcm(Convert.FromHexString(vector.Key), ConferenceFrame.TagLength);
        var packet = ConferenceMessage.Seal(cipher, vector.Epoch, Hex(vector.Salt), vector.Count, Convert.FromHexString(vector.Message));
        Assert.Equal(vector.Header, Convert.ToHexStringLower(packet.Iv.Span));
        Assert.Equal(vector.Sealed, Convert.ToHexStringLower(packet.EncryptedValue.Span));
        Assert.Equal(vector.Version, packet.KeyIndex);
    }

    private static uint Hex(string number) => uint.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static T[] Read<T>(string file) => JsonSerializer.Deserialize<T[]>(File.ReadAllText(RepositoryRoot.Path("conference-client", "vectors", file)), Json)!;

    private sealed record FrameVector(
        string Name, string Key, uint Epoch, string Salt, uint Count, byte SourceByte, string Codec, bool KeyFrame, string Frame, string Header, string AdditionalData, string Sealed);

    private sealed record DataVector(string Name, string Key, uint Epoch, string Salt, uint Count, string Message, string Header, string Sealed, uint Version);
}

using System.Buffers.Binary;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Net.Interop;

/// <summary>Between the kernel's socket addresses and the core's.</summary>
internal static class SocketAddressCodec
{
    public const uint LengthIPv4 = 16;
    public const uint LengthIPv6 = 28;

    public static uint Length(bool ipv6) => ipv6 ? LengthIPv6 : LengthIPv4;

    public static void Write(in TransportAddress address, bool ipv6, out SocketAddressStorage storage)
    {
        storage = default;
        storage.Port = Network(address.Port);
        (ulong high, ulong low) = address.Bits;
        if (ipv6)
        {
            storage.Family = Linux.AddressFamilyIPv6;
            storage.High = Network(high);
            storage.Low = Network(low);
        }
        else
        {
            storage.Family = Linux.AddressFamilyIPv4;
            storage.Address4 = Network((uint)low);
        }
    }

    public static TransportAddress Read(
        in SocketAddressStorage storage, TransportProtocol protocol = TransportProtocol.Udp, int connection = 0) =>
        storage.Family == Linux.AddressFamilyIPv4
            ? TransportAddress.FromIPv4(Network(storage.Address4), Network(storage.Port), protocol, connection)
            : new TransportAddress(Network(storage.High), Network(storage.Low), Network(storage.Port), protocol, connection);

    private static ushort Network(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    private static uint Network(uint value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    private static ulong Network(ulong value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}

using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>Writes the answers to authenticated checks (RFC 8445 section 7.3), under our own password. Each returns the bytes that it sends.</summary>
internal readonly ref struct IceResponder(IDatagramSink sink, ReadOnlySpan<byte> password)
{
    /// <summary>Bounds what one check can make us send: less than its own size and a third.</summary>
    private const int MaxMessageLength = 128;

    private readonly ReadOnlySpan<byte> _password = password;

    public int Success(PathId path, ReadOnlySpan<byte> transactionId, in TransportAddress from)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.SuccessResponse, transactionId);
        writer.WriteXorMappedAddress(from);
        return Send(writer.Finish(_password));
    }

    public int RoleConflict(PathId path, ReadOnlySpan<byte> transactionId)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.ErrorResponse, transactionId);
        writer.WriteErrorCode(StunErrorCode.RoleConflict, "Role Conflict"u8);
        return Send(writer.Finish(_password));
    }

    public int UnknownAttributes(PathId path, ReadOnlySpan<byte> transactionId, ReadOnlySpan<ushort> types)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.ErrorResponse, transactionId);
        writer.WriteErrorCode(StunErrorCode.UnknownAttribute, "Unknown Attribute"u8);
        writer.WriteUnknownAttributes(types);
        return Send(writer.Finish(_password));
    }

    private int Send(int length)
    {
        sink.Commit(length);
        return length;
    }
}

using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>Writes the answers to authenticated checks (RFC 8445 section 7.3), under our own password.</summary>
internal readonly ref struct IceResponder(IDatagramSink sink, ReadOnlySpan<byte> password)
{
    /// <summary>Bounds what one check can make us send: less than its own size and a third.</summary>
    private const int MaxMessageLength = 128;

    private readonly ReadOnlySpan<byte> _password = password;

    public void Success(PathId path, ReadOnlySpan<byte> transactionId, in TransportAddress from)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.SuccessResponse, transactionId);
        writer.WriteXorMappedAddress(from);
        sink.Commit(writer.Finish(_password));
    }

    public void RoleConflict(PathId path, ReadOnlySpan<byte> transactionId)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.ErrorResponse, transactionId);
        writer.WriteErrorCode(StunErrorCode.RoleConflict, "Role Conflict"u8);
        sink.Commit(writer.Finish(_password));
    }

    public void UnknownAttributes(PathId path, ReadOnlySpan<byte> transactionId, ReadOnlySpan<ushort> types)
    {
        var writer = new StunWriter(sink.Reserve(path, MaxMessageLength), StunClass.ErrorResponse, transactionId);
        writer.WriteErrorCode(StunErrorCode.UnknownAttribute, "Unknown Attribute"u8);
        writer.WriteUnknownAttributes(types);
        sink.Commit(writer.Finish(_password));
    }
}

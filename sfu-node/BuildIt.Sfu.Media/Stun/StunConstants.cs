namespace BuildIt.Sfu.Media.Stun;

/// <summary>Message class, the two bits C1 and C0 (RFC 8489 section 5).</summary>
public enum StunClass : byte
{
    Request = 0,
    Indication = 1,
    SuccessResponse = 2,
    ErrorResponse = 3,
}

/// <summary>Attributes this implementation reads or writes (RFC 8489 section 18.3, RFC 8445 section 16.1).</summary>
public enum StunAttribute : ushort
{
    MappedAddress = 0x0001,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000A,
    Realm = 0x0014,
    Nonce = 0x0015,
    XorMappedAddress = 0x0020,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Software = 0x8022,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802A,
}

/// <summary>Error codes of STUN and ICE (RFC 8489 section 14.8, RFC 8445 section 16.2).</summary>
public static class StunErrorCode
{
    public const int BadRequest = 400;
    public const int UnknownAttribute = 420;
    public const int RoleConflict = 487;
}

internal static class StunConstants
{
    public const int HeaderLength = 20;
    public const int TransactionIdLength = 12;
    public const uint MagicCookie = 0x2112A442;
    public const ushort BindingMethod = 0x001;
    public const int IntegrityLength = 20;
    public const uint FingerprintXor = 0x5354554E;
}

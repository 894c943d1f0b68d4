namespace BuildIt.Sfu.Contracts;

/// <summary>What everybody who connects to the registry has to agree on.</summary>
public static class RegistryConnection
{
    /// <summary>
    /// How often a connected server is asked whether it is a primary or a replica, in seconds. A live failover closes no connection:
    /// until the client has asked, it goes on writing to a server that refuses every write.
    /// </summary>
    public const int RoleCheckSeconds = 1;
}

using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BuildIt.RoomApi.Http.Protocol;

/// <summary>How many connections one port has at most, so that descriptors are left for everything else. Thread-safe.</summary>
internal static class ConnectionLimit
{
    /// <summary>Has more than <paramref name="most"/> connections closed at once.</summary>
    public static void Apply(ListenOptions endpoint, int most)
    {
        var open = 0;
        endpoint.Use(next => async connection =>
        {
            try
            {
                if (Interlocked.Increment(ref open) > most)
                {
                    connection.Abort();
                    return;
                }

                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        });
    }
}

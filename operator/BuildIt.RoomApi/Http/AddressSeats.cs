using System.Net;
using BuildIt.RoomApi.Regions;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// How many of something this replica holds at once, so that its memory is bounded and nobody takes all of it. Thread-safe.
/// </summary>
/// <param name="most">Of everybody.</param>
/// <param name="mostOfOne">Of one address; an IPv6 site counts as one.</param>
/// <param name="words">What it is, for the caller.</param>
public abstract class AddressSeats(int most, int mostOfOne, string words)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private int _all;

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="ApiProblem">There is none.</exception>
    public IDisposable Enter(IPAddress? address)
    {
        var who = address is null ? "" : Convert.ToHexStringLower(TrustedProxies.ShareScope(address));
        lock (_lock)
        {
            var held = _held.GetValueOrDefault(who);
            if (held >= mostOfOne || _all >= most)
            {
                throw ApiProblem.TooMany(words, TimeSpan.FromSeconds(1));
            }

            _held[who] = held + 1;
            _all++;
        }

        return new Place(this, who);
    }

    private void Leave(string who)
    {
        lock (_lock)
        {
            _all--;
            if (--_held[who] == 0)
            {
                _held.Remove(who);
            }
        }
    }

    private sealed class Place(AddressSeats seats, string who) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                seats.Leave(who);
            }
        }
    }
}

/// <summary>Requests whose body is larger than most, by what is still held of it.</summary>
public sealed class LargeBodies() : AddressSeats(Most, MostOfOne, "large requests at once")
{
    public const int Most = 32;

    public const int MostOfOne = 4;
}

/// <summary>Answers that go on until the reader leaves.</summary>
public sealed class StreamSeats() : AddressSeats(DescriptorBudget.Read().Share(1, 4, Most), MostOfOne, "streams at once")
{
    public const int Most = 2048;

    public const int MostOfOne = 256;
}

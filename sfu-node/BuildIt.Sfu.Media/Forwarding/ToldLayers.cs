using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// What the node that an encoding comes from says of its layers: those that nobody here watches do not come, and yet what they would
/// cost has to be known before somebody may watch them.
/// </summary>
internal sealed class ToldLayers
{
    private LayerRates _rates;

    /// <summary>The highest layer that can be had; -1 when none can.</summary>
    public int Highest { get; private set; } = IncomingLayers - 1;

    /// <summary>Layers that are sent at the other end and that the path carries, a bit for each.</summary>
    public int Available { get; private set; } = (1 << IncomingLayers) - 1;

    private const int IncomingLayers = LayerRates.SpatialLayers;

    public void Tell(int available, in LayerRates rates)
    {
        Available = available;
        Highest = available == 0 ? -1 : System.Numerics.BitOperations.Log2((uint)available);
        _rates = rates;
    }

    /// <summary>What a layer costs: nothing when it cannot be had, else what was measured here or told, whichever is more.</summary>
    public DataRate RateOf(LayerId layer, DataRate measured) =>
        (Available & (1 << layer.Spatial)) == 0 ? DataRate.Zero : DataRate.Max(measured, _rates.Get(layer));
}

using System.Runtime.CompilerServices;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>
/// What it costs to forward each layer of a track, with all that the layer depends on: measured over the last second or
/// so, or as announced. Zero means that the layer does not exist at present.
/// </summary>
[InlineArray(SpatialLayers * TemporalLayers)]
public struct LayerRates
{
    public const int SpatialLayers = 3;
    public const int TemporalLayers = 4;

    private long _bitsPerSecond;

    public readonly DataRate Get(LayerId layer) => layer.IsNone ? DataRate.Zero : new(this[layer.Spatial * TemporalLayers + layer.Temporal]);

    public void Set(LayerId layer, DataRate rate) => this[layer.Spatial * TemporalLayers + layer.Temporal] = rate.BitsPerSecond;

    /// <summary>A simulcast track without temporal layers; zero for a layer that is not sent.</summary>
    public static LayerRates Simulcast(DataRate low, DataRate medium, DataRate high)
    {
        var rates = default(LayerRates);
        rates.Set(new LayerId(0, 0), low);
        rates.Set(new LayerId(1, 0), medium);
        rates.Set(new LayerId(2, 0), high);
        return rates;
    }
}

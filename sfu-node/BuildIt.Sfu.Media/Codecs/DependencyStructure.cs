namespace BuildIt.Sfu.Media.Codecs;

/// <summary>What a frame is to one decode target (AV1 RTP specification, appendix A.4).</summary>
public enum DecodeTargetIndication : byte
{
    NotPresent = 0,
    Discardable = 1,
    Switch = 2,
    Required = 3,
}

/// <summary>
/// The template dependency structure of a dependency descriptor (AV1 RTP specification, appendix A.8.3): which layers and decode targets
/// a stream has. Immutable; one is made for each structure that differs from the last, so it may outlive the packet that brought it.
/// </summary>
public sealed class DependencyStructure
{
    private const int MaxTemplates = 64;

    private readonly byte[] _bits;
    private readonly int _bitLength;
    private readonly (byte Spatial, byte Temporal, ulong Indications)[] _templates;
    private readonly (byte Spatial, byte Temporal)[] _targets;

    private DependencyStructure(
        byte[] bits, int bitLength, int templateIdOffset, int chainCount,
        (byte Spatial, byte Temporal, ulong Indications)[] templates, (byte Spatial, byte Temporal)[] targets)
    {
        _bits = bits;
        _bitLength = bitLength;
        TemplateIdOffset = templateIdOffset;
        ChainCount = chainCount;
        _templates = templates;
        _targets = targets;
    }

    public int TemplateIdOffset { get; }

    public int ChainCount { get; }

    /// <summary>1 to 32.</summary>
    public int DecodeTargetCount => _targets.Length;

    /// <summary>Mask with a bit for each decode target.</summary>
    public uint AllDecodeTargets => uint.MaxValue >> (32 - DecodeTargetCount);

    /// <summary>Highest layers that <paramref name="decodeTarget"/> contains.</summary>
    public (byte Spatial, byte Temporal) LayersOf(int decodeTarget) => _targets[decodeTarget];

    /// <summary>
    /// The best decode target within both limits among <paramref name="active"/>: most spatial layers, then most temporal. -1 when none is.
    /// </summary>
    public int BestTarget(int maxSpatial, int maxTemporal, uint active)
    {
        var best = -1;
        for (var i = 0; i < _targets.Length; i++)
        {
            var (spatial, temporal) = _targets[i];
            if ((active & 1u << i) == 0 || spatial > maxSpatial || temporal > maxTemporal)
                continue;
            if (best < 0 || spatial > _targets[best].Spatial || (spatial == _targets[best].Spatial && temporal > _targets[best].Temporal))
                best = i;
        }

        return best;
    }

    /// <summary>Mask of the decode targets that <paramref name="decodeTarget"/> contains, itself included.</summary>
    public uint TargetsWithin(int decodeTarget)
    {
        var (maxSpatial, maxTemporal) = _targets[decodeTarget];
        uint mask = 0;
        for (var i = 0; i < _targets.Length; i++)
        {
            if (_targets[i].Spatial <= maxSpatial && _targets[i].Temporal <= maxTemporal)
                mask |= 1u << i;
        }

        return mask;
    }

    /// <summary>The template a frame names; false when there is none with that id.</summary>
    internal bool TryGetTemplate(int templateId, out byte spatial, out byte temporal, out ulong indications)
    {
        var index = (templateId + MaxTemplates - TemplateIdOffset) % MaxTemplates;
        if (index >= _templates.Length)
        {
            (spatial, temporal, indications) = (0, 0, 0);
            return false;
        }

        (spatial, temporal, indications) = _templates[index];
        return true;
    }

    /// <summary>
    /// Reads the structure at <paramref name="reader"/>. Returns <paramref name="known"/> itself when the bits are the same, so that
    /// a repeated structure costs no memory; null when the bits are malformed.
    /// </summary>
    internal static DependencyStructure? Read(ReadOnlySpan<byte> data, ref BitReader reader, DependencyStructure? known)
    {
        var start = reader.Position;
        Span<(byte Spatial, byte Temporal, ulong Indications)> templates = stackalloc (byte, byte, ulong)[MaxTemplates];
        var offset = (int)reader.Read(6);
        var targetCount = (int)reader.Read(5) + 1;

        var count = 0;
        byte spatial = 0, temporal = 0;
        uint next;
        do
        {
            if (count == MaxTemplates || reader.Failed || spatial > 7 || temporal > 7)
                return null;
            templates[count++] = (spatial, temporal, 0);
            next = reader.Read(2);
            if (next == 1)
                temporal++;
            else if (next == 2)
                (spatial, temporal) = ((byte)(spatial + 1), 0);
        }
        while (next != 3);

        for (var i = 0; i < count; i++)
        {
            ulong indications = 0;
            for (var target = 0; target < targetCount; target++)
                indications |= (ulong)reader.Read(2) << 2 * target;
            templates[i].Indications = indications;
        }

        for (var i = 0; i < count; i++)
        {
            while (reader.ReadFlag())
                reader.Read(4);
        }

        var chains = reader.ReadNonSymmetric((uint)targetCount + 1);
        if (chains > 0)
        {
            for (var target = 0; target < targetCount; target++)
                reader.ReadNonSymmetric(chains);
            for (var i = 0; i < count * (int)chains && !reader.Failed; i++)
                reader.Read(4);
        }

        if (reader.ReadFlag())
        {
            for (var layer = 0; layer <= spatial; layer++)
                reader.Read(32);
        }

        if (reader.Failed)
            return null;
        var length = reader.Position - start;
        if (known is not null && known.HasSameBits(data, start, length))
            return known;
        return Create(data, start, length, offset, (int)chains, templates[..count], targetCount);
    }

    private static DependencyStructure Create(
        ReadOnlySpan<byte> data, int start, int length, int offset, int chains,
        ReadOnlySpan<(byte Spatial, byte Temporal, ulong Indications)> templates, int targetCount)
    {
        var targets = new (byte Spatial, byte Temporal)[targetCount];
        foreach (var (spatial, temporal, indications) in templates)
        {
            for (var target = 0; target < targetCount; target++)
            {
                if ((indications >> 2 * target & 3) == 0)
                    continue;
                targets[target] = (Math.Max(targets[target].Spatial, spatial), Math.Max(targets[target].Temporal, temporal));
            }
        }

        var bits = new byte[(length + 7) / 8];
        CopyBits(data, start, length, bits);
        return new DependencyStructure(bits, length, offset, chains, templates.ToArray(), targets);
    }

    private bool HasSameBits(ReadOnlySpan<byte> data, int start, int length)
    {
        if (length != _bitLength)
            return false;
        Span<byte> bits = stackalloc byte[256];
        bits = bits[..((length + 7) / 8)];
        bits.Clear();
        CopyBits(data, start, length, bits);
        return bits.SequenceEqual(_bits);
    }

    private static void CopyBits(ReadOnlySpan<byte> data, int start, int length, Span<byte> destination)
    {
        var reader = new BitReader(data);
        for (var skip = start; skip > 0; skip -= 24)
            reader.Read(Math.Min(skip, 24));
        var writer = new BitWriter(destination);
        writer.Copy(ref reader, length);
    }
}

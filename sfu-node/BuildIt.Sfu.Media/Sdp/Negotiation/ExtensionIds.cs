namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Negotiated ids of header extensions in one section; 0 when not negotiated.</summary>
public readonly record struct ExtensionIds
{
    public byte Mid { get; init; }

    public byte Rid { get; init; }

    public byte RepairedRid { get; init; }

    public byte AudioLevel { get; init; }

    public byte AbsSendTime { get; init; }

    public byte TransportCc { get; init; }

    public byte DependencyDescriptor { get; init; }

    public byte AbsCaptureTime { get; init; }

    public byte FrameMarking { get; init; }

    public static ExtensionIds From(IReadOnlyList<SdpExtension> extensions)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        var ids = default(ExtensionIds);
        foreach (var extension in extensions)
        {
            ids = extension.Uri switch
            {
                HeaderExtensionUris.Mid => ids with { Mid = extension.Id },
                HeaderExtensionUris.Rid => ids with { Rid = extension.Id },
                HeaderExtensionUris.RepairedRid => ids with { RepairedRid = extension.Id },
                HeaderExtensionUris.AudioLevel => ids with { AudioLevel = extension.Id },
                HeaderExtensionUris.AbsSendTime => ids with { AbsSendTime = extension.Id },
                HeaderExtensionUris.TransportCc => ids with { TransportCc = extension.Id },
                HeaderExtensionUris.DependencyDescriptor => ids with { DependencyDescriptor = extension.Id },
                HeaderExtensionUris.AbsCaptureTime => ids with { AbsCaptureTime = extension.Id },
                HeaderExtensionUris.FrameMarking => ids with { FrameMarking = extension.Id },
                _ => ids,
            };
        }

        return ids;
    }
}

using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>A codec in which a track is not published yet, but will be once somebody needs it. Used on one loop.</summary>
/// <param name="name">Lower-case codec name ("vp8").</param>
/// <param name="now">When it was announced.</param>
internal sealed class BackupCodec(string name, Instant now)
{
    public string Name { get; } = name;

    /// <summary>Who needs it, and up to which quality.</summary>
    public Dynacast Demand { get; } = new(now, VideoQualityLevel.Off);
}

namespace BuildIt.Sfu.Media.Quality;

/// <summary>How well a participant is connected; the values are those of the wire protocol.</summary>
public enum LinkQuality : byte
{
    Poor = 0,
    Good = 1,
    Excellent = 2,
    Lost = 3,
}

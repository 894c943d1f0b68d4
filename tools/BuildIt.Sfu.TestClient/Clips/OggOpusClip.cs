namespace BuildIt.Sfu.TestClient.Clips;

/// <summary>A short loop of Opus packets, read whole from an Ogg file (RFC 3533, RFC 7845).</summary>
public sealed class OggOpusClip
{
    private const int PageHeaderLength = 27;
    private const int HeaderPackets = 2;

    private OggOpusClip(IReadOnlyList<ReadOnlyMemory<byte>> packets) => Packets = packets;

    /// <summary>Packets of 20 ms each.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Packets { get; }

    /// <exception cref="InvalidDataException">The bytes are not an Ogg file with Opus audio.</exception>
    public static OggOpusClip Parse(ReadOnlyMemory<byte> file)
    {
        var packets = new List<ReadOnlyMemory<byte>>();
        var pending = new List<byte>();
        for (var at = 0; at < file.Length;)
        {
            var page = file.Span[at..];
            if (page.Length < PageHeaderLength || !page.StartsWith("OggS"u8) || page.Length < PageHeaderLength + page[26])
            {
                throw new InvalidDataException("Not an Ogg file, or cut off.");
            }

            // RFC 3533 section 6: a packet ends with a lacing value under 255.
            var lacing = page.Slice(PageHeaderLength, page[26]);
            var body = PageHeaderLength + lacing.Length;
            foreach (var length in lacing)
            {
                if (body + length > page.Length)
                {
                    throw new InvalidDataException("An Ogg page is cut off.");
                }

                pending.AddRange(page.Slice(body, length));
                body += length;
                if (length < 255)
                {
                    packets.Add(pending.ToArray());
                    pending.Clear();
                }
            }

            at += body;
        }

        if (packets.Count <= HeaderPackets || !packets[0].Span.StartsWith("OpusHead"u8))
        {
            throw new InvalidDataException("No Opus audio in the Ogg file.");
        }

        return new OggOpusClip(packets[HeaderPackets..]);
    }
}

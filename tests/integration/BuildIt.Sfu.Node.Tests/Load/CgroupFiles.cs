namespace BuildIt.Sfu.Node.Tests.Load;

/// <summary>The files in which a kernel tells of a control group.</summary>
internal sealed class CgroupFiles : IDisposable
{
    /// <summary>Where the file systems are mounted.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("cgroup").FullName;

    public void Write(string file, string text)
    {
        var path = Path.Combine(Root, "sys/fs/cgroup", file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

using System.Net;

namespace BuildIt.Testing.Network;

/// <summary>
/// A network namespace behind a firewall that lets only TCP to port 443 out: no UDP, no name servers, nothing in. It sees this
/// machine at a few addresses of its own. Needs root.
/// </summary>
public sealed class Firewalled : IAsyncDisposable
{
    /// <summary>Addresses of this machine that the namespace sees.</summary>
    public const int Addresses = 4;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly string _wrapper = Path.GetTempFileName();

    private Firewalled(string name) => Name = name;

    /// <summary>The namespace's name for <c>ip netns</c>.</summary>
    public string Name { get; }

    /// <summary>Makes one.</summary>
    /// <exception cref="InvalidOperationException">This process is not root, or the kernel lacks something; the message says what.</exception>
    public static async Task<Firewalled> CreateAsync()
    {
        var network = new Firewalled($"buildit-fw-{Environment.ProcessId}");
        try
        {
            await ShellCommands.RunAsync(
                $"""
                ip netns add {network.Name}
                ip link add {Outer} type veth peer name {Inner}
                ip link set {Inner} netns {network.Name}
                {string.Join('\n', Enumerable.Range(0, Addresses).Select(i => $"ip address add {AddressOf(i)}/24 dev {Outer}"))}
                ip link set {Outer} up
                ip -n {network.Name} address add {Prefix}.100/24 dev {Inner}
                ip -n {network.Name} link set lo up
                ip -n {network.Name} link set {Inner} up
                ip netns exec {network.Name} iptables -P INPUT DROP
                ip netns exec {network.Name} iptables -P OUTPUT DROP
                ip netns exec {network.Name} iptables -A INPUT -i lo -j ACCEPT
                ip netns exec {network.Name} iptables -A OUTPUT -o lo -j ACCEPT
                ip netns exec {network.Name} iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT
                ip netns exec {network.Name} iptables -A INPUT -p tcp --sport 443 -j ACCEPT
                """);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>One of this machine's addresses as the namespace sees them.</summary>
    /// <param name="index">From 0 to below <see cref="Addresses"/>.</param>
    public static IPAddress AddressOf(int index) => IPAddress.Parse($"{Prefix}.{index + 1}");

    /// <summary>A program that starts another one inside.</summary>
    /// <param name="program">The other one's path.</param>
    /// <returns>The path of a script that takes the program's arguments and keeps its descriptors.</returns>
    public async Task<string> WrapAsync(string program)
    {
        await File.WriteAllTextAsync(_wrapper, $"#!/bin/sh\nexec ip netns exec {Name} '{program}' \"$@\"\n");
        await ShellCommands.RunAsync($"chmod 0700 {_wrapper}");
        return _wrapper;
    }

    /// <summary>Makes port 443 of an address appear on the namespace's own loopback, where browsers trust a page without TLS.</summary>
    /// <param name="index">Which address.</param>
    /// <returns>The port, and what ends it.</returns>
    public async Task<(int Port, ChildProcess Process)> BringAsync(int index)
    {
        const int port = 8080;
        var process = ChildProcess.Start(
            "ip", ["netns", "exec", Name, "socat", "-d", "-d", $"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", $"TCP:{AddressOf(index)}:443"]);
        await process.WaitForOutputAsync("listening on", Timeout);
        return (port, process);
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(_wrapper);
        await ShellCommands.RunAsync($"ip netns delete {Name} 2>/dev/null || true\nip link delete {Outer} 2>/dev/null || true");
    }

    // Apart from the networks of other test runs on this machine.
    private static string Prefix => $"10.{200 + (Environment.ProcessId / 256 % 50)}.{Environment.ProcessId % 256}";

    private static string Outer => $"bfw{Environment.ProcessId}";

    private static string Inner => $"bfx{Environment.ProcessId}";
}

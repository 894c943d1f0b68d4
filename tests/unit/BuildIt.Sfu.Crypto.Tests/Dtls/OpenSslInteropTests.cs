using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Dtls;

/// <summary>An independent implementation must come to the same SRTP keys.</summary>
public sealed class OpenSslInteropTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData("SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", SrtpProfile.AeadAes128Gcm, 56)]
    [InlineData("SRTP_AES128_CM_SHA1_80", SrtpProfile.Aes128CmHmacSha1Tag80, 60)]
    public async Task OpenSsl_client_agrees_on_profile_and_keys(string profiles, SrtpProfile expected, int materialLength)
    {
        var folder = Directory.CreateTempSubdirectory("buildit-dtls");
        try
        {
            var fingerprint = await WriteClientCertificateAsync(folder.FullName);
            using var certificate = DtlsCertificate.Generate(TimeProvider.System);
            using var session = new DtlsSessionFactory(certificate).Create(DtlsRole.Server, null);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            session.Start(fingerprint);

            using var client = StartClient(folder.FullName, ((IPEndPoint)socket.LocalEndPoint!).Port, profiles, materialLength);
            var output = client.StandardOutput.ReadToEndAsync();
            Serve(session, socket);
            Assert.Equal(expected, session.SrtpProfile);

            await client.StandardInput.WriteLineAsync("Q");
            client.StandardInput.Close();
            await client.WaitForExitAsync().WaitAsync(Patience);
            var text = await output;
            var material = Regex.Match(text, "Keying material: ([0-9A-F]+)").Groups[1].Value;
            Assert.Equal(ExportedMaterial(session), material);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Serve(IDtlsSession session, Socket socket)
    {
        var buffer = new byte[4096];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var peer = from;
        var deadline = Stopwatch.StartNew();
        while (session.State == DtlsState.Handshaking && deadline.Elapsed < Patience)
        {
            if (socket.Poll(TimeSpan.FromMilliseconds(5), SelectMode.SelectRead))
            {
                var length = socket.ReceiveFrom(buffer, ref from);
                peer = from;
                session.HandleDatagram(buffer.AsSpan(0, length));
            }

            session.Poll();
            while (session.TryTakeFlight(out var datagram))
            {
                socket.SendTo(datagram.Span, SocketFlags.None, peer);
            }
        }

        Assert.Equal(DtlsState.Connected, session.State);
    }

    private static string ExportedMaterial(IDtlsSession session)
    {
        Span<byte> own = stackalloc byte[30];
        Span<byte> peer = stackalloc byte[30];
        var saltLength = session.SrtpProfile.MasterSaltLength();
        Assert.True(session.TryExportSrtpKeys(own, peer));

        // We are the server: client key, server key, client salt, server salt.
        byte[] material = [.. peer[..16], .. own[..16], .. peer.Slice(16, saltLength), .. own.Slice(16, saltLength)];
        return Convert.ToHexString(material);
    }

    private static async Task<DtlsFingerprint> WriteClientCertificateAsync(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return DtlsFingerprint.FromSha256(SHA256.HashData(certificate.RawData));
    }

    private static Process StartClient(string folder, int port, string profiles, int materialLength)
    {
        var start = new ProcessStartInfo("openssl")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])
        [
            "s_client", "-dtls1_2", "-connect", $"127.0.0.1:{port}", "-use_srtp", profiles, "-cert", Path.Combine(folder, "cert.pem"),
            "-key", Path.Combine(folder, "key.pem"), "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", $"{materialLength}",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}

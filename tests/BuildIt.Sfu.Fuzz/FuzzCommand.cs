using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Fuzz.Targets;
using SharpFuzz;

namespace BuildIt.Sfu.Fuzz;

/// <summary>
/// The command line:
/// <code>
/// list                                                       names of the targets
/// run TARGET|all [--inputs N] [--seconds N] [--seed N] [--corpus FOLDER] [--faults FOLDER]
/// replay TARGET FILE                                         one input, as a fault was saved
/// libfuzzer TARGET                                           under libfuzzer-dotnet or afl-fuzz
/// </code>
/// "run" instruments a copy of the program and starts that; the other commands run as they are.
/// </summary>
internal static class FuzzCommand
{
    private const string Instrumented = "--instrumented";

    public static int Run(string[] arguments) => arguments switch
    {
        ["list"] => List(),
        ["run", var target, .. var rest] when rest.Contains(Instrumented) => Fuzz(target, rest),
        ["run", var target, .. var rest] when target == "all" || FuzzTargets.Names.Contains(target) => Restart(target, rest),
        ["replay", var target, var file] => Replay(target, file),
        ["libfuzzer", var target] => OutOfProcess(target),
        _ => Usage(),
    };

    private static int List()
    {
        foreach (var name in FuzzTargets.Names)
        {
            Console.WriteLine(name);
        }

        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("list | run TARGET|all [--inputs N] [--seconds N] [--seed N] [--corpus FOLDER] [--faults FOLDER] | replay TARGET FILE | libfuzzer TARGET");
        return 2;
    }

    private static int Restart(string target, string[] options)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"buildit-fuzz-{Environment.ProcessId}");
        try
        {
            var program = Instrumentation.Prepare(folder);
            using var process = Process.Start(Environment.ProcessPath!, [program, "run", target, .. options, Instrumented]);
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Fuzz(string target, string[] options)
    {
        var inputs = long.Parse(Option(options, "--inputs") ?? "9223372036854775807", CultureInfo.InvariantCulture);
        var seconds = double.Parse(Option(options, "--seconds") ?? "1e6", CultureInfo.InvariantCulture);
        var seed = ulong.Parse(Option(options, "--seed") ?? "1", CultureInfo.InvariantCulture);
        var faults = 0;
        foreach (var name in target == "all" ? FuzzTargets.Names : [target])
        {
            var report = new FuzzLoop(FuzzTargets.Create(name), seed).Run(inputs, TimeSpan.FromSeconds(seconds));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{report.Target,-14} {report.Inputs,11} inputs {report.Elapsed.TotalSeconds,8:0.0} s {report.Edges,6} edges {report.Corpus.Count,4} kept {report.Faults.Count,3} faults"));
            if (Option(options, "--corpus") is { } folder)
            {
                Corpus.Save(folder, name, report.Corpus);
            }

            faults += report.Faults.Count;
            Save(report, Option(options, "--faults") ?? "artifacts/fuzz");
        }

        return faults == 0 ? 0 : 1;
    }

    private static void Save(FuzzReport report, string folder)
    {
        foreach (var (input, fault) in report.Faults.Values)
        {
            Directory.CreateDirectory(folder);
            var file = Path.Combine(folder, $"{report.Target}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}");
            File.WriteAllBytes(file, input);
            Console.WriteLine($"  {file}{Environment.NewLine}    {fault.Text.ReplaceLineEndings(Environment.NewLine + "    ")}");
        }
    }

    private static int Replay(string target, string file)
    {
        if (Execution.Try(FuzzTargets.Create(target), File.ReadAllBytes(file)) is not { } fault)
        {
            Console.WriteLine("nothing is wrong");
            return 0;
        }

        Console.WriteLine(fault.Text);
        return 1;
    }

    // The native fuzzer starts this program again and again; it kills it when an input takes too long.
    private static int OutOfProcess(string name)
    {
        var target = FuzzTargets.Create(name);
        Fuzzer.LibFuzzer.Run(target.Run);
        return 0;
    }

    private static string? Option(string[] options, string name) =>
        Array.IndexOf(options, name) is >= 0 and var at && at + 1 < options.Length ? options[at + 1] : null;
}

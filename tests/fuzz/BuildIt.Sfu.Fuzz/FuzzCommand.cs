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
/// run TARGET|all [--inputs N] [--seconds N] [--seed N] [--corpus FOLDER] [--faults FOLDER] [--state FOLDER]
/// state FOLDER                                               what the runs with that state came to, as a table
/// replay TARGET FILE                                         one input, as a fault was saved
/// libfuzzer TARGET                                           under libfuzzer-dotnet or afl-fuzz
/// </code>
/// "run" instruments a copy of the program and starts that; the other commands run as they are. With a state, "run" goes on where an
/// earlier run with the same state ended, and N inputs are those of all these runs together.
/// </summary>
internal static class FuzzCommand
{
    private const string Instrumented = "--instrumented";

    public static int Run(string[] arguments) => arguments switch
    {
        ["list"] => List(),
        ["run", var target, .. var rest] when rest.Contains(Instrumented) => Fuzz(target, rest),
        ["run", var target, .. var rest] when target == "all" || FuzzTargets.Names.Contains(target) => Restart(target, rest),
        ["state", var folder] => Show(folder),
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
        Console.Error.WriteLine("list | run TARGET|all [--inputs N] [--seconds N] [--seed N] [--corpus FOLDER] [--faults FOLDER] [--state FOLDER] | state FOLDER | replay TARGET FILE | libfuzzer TARGET");
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
        var time = TimeSpan.FromSeconds(seconds);
        var faults = 0;
        foreach (var name in target == "all" ? FuzzTargets.Names : [target])
        {
            var loop = new FuzzLoop(FuzzTargets.Create(name), seed);
            if (Option(options, "--state") is { } state)
            {
                new Campaign(state).Continue(FuzzTargets.Create(name), inputs, time, seed, Report);
                loop.Run(0, time, Corpus.ReadFile(state, name));
            }
            else
            {
                Report(loop.Run(inputs, time));
            }

            if (Option(options, "--corpus") is { } folder)
            {
                Corpus.Save(folder, name, loop.Minimize());
            }
        }

        return faults == 0 ? 0 : 1;

        void Report(FuzzReport report)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{report.Target,-14} {report.Inputs,11} inputs {report.Elapsed.TotalSeconds,8:0.0} s {report.Edges,6} edges {report.Learned.Count,5} learned {report.Faults.Count,3} faults"));
            faults += report.Faults.Count;
            Save(report, Option(options, "--faults") ?? "artifacts/fuzz");
        }
    }

    private static int Show(string folder)
    {
        Console.WriteLine("| Target | Inputs | Inputs a second | Edges | Faults |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var name in FuzzTargets.Names)
        {
            var state = new Campaign(folder).StateOf(name);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {state.Inputs:N0} | {state.Inputs / Math.Max(state.Seconds, 1e-3):N0} | {state.Edges} | {state.Faults.Count} |"));
        }

        return 0;
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
        // What is allocated once for all inputs is not this one's.
        var subject = FuzzTargets.Create(target);
        Execution.Try(subject, subject.Seeds.First());
        if (Execution.Try(subject, File.ReadAllBytes(file)) is not { } fault)
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

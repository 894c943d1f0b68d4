using System.Globalization;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>What is measured.</summary>
/// <param name="Rooms">Rooms created.</param>
/// <param name="Nodes">Simulated nodes that take them.</param>
/// <param name="Creators">Creations under way at once.</param>
/// <param name="Rate">Creations a second; 0 for as many as the API server takes.</param>
/// <param name="Webhook">The API server asks the operator about every object, as an installed chart has it.</param>
/// <param name="Finalizer">Rooms are created with the operator's finalizer, as the room API does; kubectl leaves it to the operator.</param>
/// <param name="Operator">The operator's executable; null for the one that was built with this.</param>
internal sealed record RoomBenchOptions(int Rooms = 1000, int Nodes = 20, int Creators = 16, int Rate = 0, bool Webhook = true, bool Finalizer = true, string? Operator = null)
{
    /// <summary>Reads <c>name=value</c> words; one that is not known ends the run.</summary>
    public static RoomBenchOptions Read(IEnumerable<string> words)
    {
        var options = new RoomBenchOptions();
        foreach (var word in words)
        {
            options = word.Split('=') switch
            {
                ["rooms", var n] => options with { Rooms = Number(n) },
                ["nodes", var n] => options with { Nodes = Number(n) },
                ["creators", var n] => options with { Creators = Number(n) },
                ["rate", var n] => options with { Rate = Number(n) },
                ["webhook", var yes] => options with { Webhook = yes == "yes" },
                ["finalizer", var yes] => options with { Finalizer = yes == "yes" },
                ["operator", var path] => options with { Operator = path },
                _ => throw new ArgumentException($"\"{word}\" is none of rooms=, nodes=, creators=, rate=, webhook=yes|no, finalizer=yes|no, operator="),
            };
        }

        return options;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

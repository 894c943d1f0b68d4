using BuildIt.Operator.Bench.Planning;
using BuildIt.Operator.Bench.Rooms;
using BuildIt.Operator.Bench.Size;

// Times depend on the machine and are only printed; allocated bytes do not, so exceeding their budget fails the run.
var ok = true;
if (args is [] or ["planning"])
{
    foreach (var measurement in new[] { PlanningBench.PlanLargeFleet(), PlanningBench.PlaceRooms(), PlanningBench.PlaceRoomsInLargeFleet(), TopologyBench.DrawLinks(), TopologyBench.PlanRooms(), TopologyBench.SpreadRooms() })
    {
        Console.WriteLine(measurement);
        ok &= measurement.IsWithinBudget;
    }
}

if (args is [] or ["size"])
{
    foreach (var measurement in SizeBench.Measure())
    {
        Console.WriteLine(measurement);
        ok &= measurement.IsWithinBudget;
    }

    foreach (var held in SizeBench.Hold())
    {
        Console.WriteLine(held);
    }
}

if (args is ["rooms", ..])
{
    await RoomBench.RunAsync(RoomBenchOptions.Read(args[1..]));
}

return ok ? 0 : 1;

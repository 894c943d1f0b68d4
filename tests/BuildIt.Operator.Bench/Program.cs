using BuildIt.Operator.Bench;

// Times depend on the machine and are only printed; allocated bytes do not, so exceeding their budget fails the run.
var ok = true;
foreach (var measurement in new[] { PlanningBench.PlanLargeFleet(), PlanningBench.PlaceRooms(), PlanningBench.PlaceRoomsInLargeFleet() })
{
    Console.WriteLine(measurement);
    ok &= measurement.IsWithinBudget;
}

return ok ? 0 : 1;

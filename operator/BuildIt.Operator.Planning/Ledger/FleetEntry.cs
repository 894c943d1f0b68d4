namespace BuildIt.Operator.Planning.Ledger;

/// <summary>What is held on all pods of one fleet.</summary>
internal sealed class FleetEntry
{
    public int Pods { get; set; }

    public int Rooms { get; private set; }

    public int Participants { get; private set; }

    public void Add(int rooms, int participants)
    {
        Rooms += rooms;
        Participants += participants;
    }
}

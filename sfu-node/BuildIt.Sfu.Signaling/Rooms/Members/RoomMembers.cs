namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Who is in a room: those connected to this node, and those connected to others. Used on the room's loop.</summary>
internal sealed class RoomMembers
{
    private readonly Dictionary<string, Participant> _hereBySid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Participant> _hereByIdentity = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RemoteMember> _elsewhereBySid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RemoteMember> _elsewhereByIdentity = new(StringComparer.Ordinal);

    private int _countHere;

    /// <summary>How many are connected to this part of the room. Any thread.</summary>
    public int CountHere => Volatile.Read(ref _countHere);

    /// <summary>Whether nobody is connected to this node, at this part of the room or another.</summary>
    public bool NobodyAtNode
    {
        get
        {
            if (_hereBySid.Count > 0)
            {
                return false;
            }

            foreach (var member in _elsewhereBySid.Values)
            {
                if (member.Via.Options.IsInner)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Those who are connected to this node.</summary>
    public Dictionary<string, Participant>.ValueCollection Here => _hereBySid.Values;

    /// <summary>Those who are connected to other nodes.</summary>
    public Dictionary<string, RemoteMember>.ValueCollection Elsewhere => _elsewhereBySid.Values;

    /// <summary>All who are in the room, whichever node they are connected to.</summary>
    public IEnumerable<Member> All => _hereBySid.Values.Concat<Member>(_elsewhereBySid.Values);

    /// <summary>Whether this very session is connected to this node.</summary>
    public bool Has(Participant participant) => _hereBySid.ContainsKey(participant.Sid.Value);

    public Participant? FindHere(string identity) => _hereByIdentity.GetValueOrDefault(identity);

    public RemoteMember? FindElsewhere(string identity) => _elsewhereByIdentity.GetValueOrDefault(identity);

    public Participant? FindSessionHere(string sid) => _hereBySid.GetValueOrDefault(sid);

    public RemoteMember? FindSessionElsewhere(string sid) => _elsewhereBySid.GetValueOrDefault(sid);

    /// <summary>The member with this session, whichever node it is connected to.</summary>
    public Member? FindSession(string sid) => FindSessionHere(sid) ?? (Member?)FindSessionElsewhere(sid);

    public void Add(Participant participant)
    {
        _hereBySid.Add(participant.Sid.Value, participant);
        _hereByIdentity.Add(participant.Identity, participant);
        Volatile.Write(ref _countHere, _hereBySid.Count);
    }

    public void Add(RemoteMember member)
    {
        _elsewhereBySid.Add(member.Sid.Value, member);
        _elsewhereByIdentity.Add(member.Identity, member);
    }

    /// <returns>False when it had been removed before.</returns>
    public bool Remove(Participant participant)
    {
        if (!_hereBySid.Remove(participant.Sid.Value))
        {
            return false;
        }

        _hereByIdentity.Remove(participant.Identity);
        Volatile.Write(ref _countHere, _hereBySid.Count);
        return true;
    }

    public void Remove(RemoteMember member)
    {
        _elsewhereBySid.Remove(member.Sid.Value);
        _elsewhereByIdentity.Remove(member.Identity);
    }

    /// <summary>The room is over, wherever they are.</summary>
    public void ForgetElsewhere()
    {
        _elsewhereBySid.Clear();
        _elsewhereByIdentity.Clear();
    }
}

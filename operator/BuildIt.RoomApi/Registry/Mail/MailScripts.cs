namespace BuildIt.RoomApi.Registry.Mail;

/// <summary>
/// What happens to a mailbox in one step. A box is one hash: <c>incarnation</c>, <c>first</c>, <c>next</c>, <c>bytes</c>, <c>m</c> with the number
/// for each event, <c>e</c> with the mark of an event for its number, <c>s</c> with the mark of an address for how many came from it. An
/// entry is the mark of its event and its sender, 32 characters each, the time in milliseconds, 13 digits, and what was sent, sealed.
/// </summary>
internal static class MailScripts
{
    // Arguments: lifetime, name of a new box.
    private const string Begin = LeftBehindScript.Begin +
        """
        local head = redis.call('HMGET', name, 'incarnation', 'first', 'next', 'bytes')
        local incarnation, first, next, bytes = head[1], tonumber(head[2]) or 0, tonumber(head[3]) or 0, tonumber(head[4]) or 0
        local function field(number)
            return string.format('m%.0f', number)
        end

        """;

    /// <summary>Further arguments: mark of the event, mark of the sender, entry, milliseconds an event waits, most events, most from one sender, most bytes, most bytes of all, channel, word on it.</summary>
    public const string Put = Begin +
        """
        if redis.call('HEXISTS', name, 'e' .. ARGV[3]) == 1 then
            return 'put'
        end
        local function drop()
            local entry = redis.call('HGET', name, field(first))
            local sender = 's' .. string.sub(entry, 33, 64)
            redis.call('HDEL', name, field(first), 'e' .. string.sub(entry, 1, 32))
            if redis.call('HINCRBY', name, sender, -1) <= 0 then
                redis.call('HDEL', name, sender)
            end
            bytes = bytes - #entry
            first = first + 1
        end
        while first < next and tonumber(string.sub(redis.call('HGET', name, field(first)), 65, 77)) + tonumber(ARGV[6]) <= now do
            drop()
        end
        local from = tonumber(redis.call('HGET', name, 's' .. ARGV[4])) or 0
        local outcome = 'put'
        if next - first >= tonumber(ARGV[7]) or from >= tonumber(ARGV[8]) or bytes + #ARGV[5] > tonumber(ARGV[9]) then
            outcome = 'box'
        elseif not fits(bytes + #ARGV[5], ARGV[10]) then
            outcome = 'memory'
        else
            incarnation = incarnation or ARGV[2]
            redis.call('HSET', name, field(next), ARGV[5], 'e' .. ARGV[3], next)
            redis.call('HINCRBY', name, 's' .. ARGV[4], 1)
            bytes = bytes + #ARGV[5]
            next = next + 1
        end
        if incarnation then
            redis.call('HSET', name, 'incarnation', incarnation, 'first', first, 'next', next, 'bytes', bytes)
            count(bytes)
        end
        if outcome == 'put' then
            redis.call('PUBLISH', ARGV[11], ARGV[12])
        end
        return outcome
        """;

    /// <summary>Further arguments: incarnation and number of the last event that was read, most events, most bytes, milliseconds an event waits.</summary>
    public const string Read = Begin +
        """
        local from = ARGV[3] == incarnation and tonumber(ARGV[4]) + 1 or first
        if from < first then
            from = first
        end
        local page, sent = {incarnation or '', from, next}, 0
        for number = from, math.min(next, from + tonumber(ARGV[5])) - 1 do
            local entry = redis.call('HGET', name, field(number))
            sent = sent + #entry
            if sent > tonumber(ARGV[6]) and number > from then
                break
            end
            page[#page + 1] = entry
        end
        return page
        """;
}

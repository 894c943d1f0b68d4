namespace BuildIt.RoomApi.Registry.Commits;

/// <summary>
/// What happens to a log in one step, whichever replica asks. A log is one hash, so that it can only be lost as a whole: <c>incarnation</c>,
/// <c>origin</c>, <c>first</c>, <c>next</c>, <c>bytes</c>, <c>info</c>, and <c>c</c> with the epoch for each commit.
/// </summary>
internal static class CommitScripts
{
    // A server that started again or was promoted may have lost the last writes while it kept the earlier ones, and members would
    // go on with different commits for one epoch. So a log counts only on the server that it was started on.
    private const string Begin = LeftBehindScript.Begin +
        """
        local log = name
        local described = redis.pcall('INFO', 'server')
        local origin = ARGV[3] .. (type(described) == 'string' and string.match(described, 'run_id:(%x+)') or '')
        local head = redis.call('HMGET', log, 'incarnation', 'origin', 'first', 'next', 'bytes')
        local incarnation, first, next, bytes = head[1], tonumber(head[3]), tonumber(head[4]), tonumber(head[5])
        local function keep(size)
            bytes = size
            redis.call('HSET', log, 'first', first, 'next', next, 'bytes', bytes)
            count(bytes)
        end
        local function tell()
            redis.call('PUBLISH', ARGV[4], ARGV[5])
        end
        local function start()
            incarnation, first, next = ARGV[2], 0, 0
            redis.call('DEL', log)
            redis.call('HSET', log, 'incarnation', incarnation, 'origin', origin)
            keep(0)
            tell()
        end
        local function answer(outcome, entry)
            return {outcome, incarnation, first, next, entry or ''}
        end
        local function field(epoch)
            return string.format('c%.0f', epoch)
        end
        if head[2] ~= origin then
            start()
        end

        """;

    /// <summary>Arguments: incarnation, epoch, mark of author and message, entry, group info of the next epoch, most commits, most bytes, most bytes of all rooms.</summary>
    public const string Append = Begin +
        """
        local epoch = tonumber(ARGV[7])
        if ARGV[6] ~= incarnation then
            return answer('restarted')
        elseif epoch > next then
            return answer('ahead')
        elseif epoch < first then
            return answer('passed')
        elseif epoch < next then
            local winner = redis.call('HGET', log, field(epoch))
            return answer(string.sub(winner, 1, #ARGV[8]) == ARGV[8] and 'first' or 'taken', winner)
        end
        local size = bytes - redis.call('HSTRLEN', log, 'info') + #ARGV[9] + #ARGV[10]
        local from = first
        while from < next and (next - from >= tonumber(ARGV[11]) or size > tonumber(ARGV[12])) do
            size = size - redis.call('HSTRLEN', log, field(from))
            from = from + 1
        end
        if not fits(size, ARGV[13]) then
            return answer('full')
        end
        for old = first, from - 1 do
            redis.call('HDEL', log, field(old))
        end
        redis.call('HSET', log, field(epoch), ARGV[9])
        if #ARGV[10] > 0 then
            redis.call('HSET', log, 'info', ARGV[10])
        else
            redis.call('HDEL', log, 'info')
        end
        first, next = from, next + 1
        keep(size)
        tell()
        return answer('first', ARGV[9])
        """;

    /// <summary>Arguments: incarnation, epoch, mark of author and message, entry, most bytes of all rooms.</summary>
    public const string Describe = Begin +
        """
        local epoch = tonumber(ARGV[7])
        if ARGV[6] ~= incarnation then
            return answer('restarted')
        elseif epoch > next then
            return answer('ahead')
        elseif epoch < next then
            return answer('passed')
        end
        local known = redis.call('HGET', log, 'info')
        if known then
            return answer(string.sub(known, 1, #ARGV[8]) == ARGV[8] and 'first' or 'taken', known)
        end
        if not fits(bytes + #ARGV[9], ARGV[10]) then
            return answer('full')
        end
        redis.call('HSET', log, 'info', ARGV[9])
        keep(bytes + #ARGV[9])
        tell()
        return answer('first', ARGV[9])
        """;

    /// <summary>Arguments: first epoch wanted, or -1 for the first that is kept, most commits, most bytes. What follows the head are the entries.</summary>
    public const string Read = Begin +
        """
        keep(bytes)
        local page = answer('first')
        local from, sent = tonumber(ARGV[6]), 0
        if from < 0 then
            from = first
        end
        if from >= first then
            for epoch = from, math.min(next, from + tonumber(ARGV[7])) - 1 do
                local entry = redis.call('HGET', log, field(epoch))
                sent = sent + #entry
                if sent > tonumber(ARGV[8]) and epoch > from then
                    break
                end
                page[#page + 1] = entry
            end
        end
        return page
        """;

    public const string Info = Begin +
        """
        keep(bytes)
        return answer('first', redis.call('HGET', log, 'info') or '')
        """;

    /// <summary>Argument: the incarnation that is to end.</summary>
    public const string Restart = Begin +
        """
        if ARGV[6] ~= incarnation then
            return answer('restarted')
        end
        start()
        return answer('first')
        """;
}

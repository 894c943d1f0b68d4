# shellcheck shell=bash
# Runs commands beside each other and says what each is doing. Sourced, never run.
#
#   aside NAME USUALLY COMMAND...   starts one; USUALLY says in words how long it takes
#   together                        waits for all of them; fails as soon as one does, and ends the others
#   part_ways                       ends what still runs; for an EXIT trap
#
# What a command prints goes into a file. The last line of it is shown whenever it changes, and after 20 s without news the
# time that each has taken so far.

aside_names=() aside_usually=() aside_pids=() aside_logs=() aside_starts=() aside_shown=() aside_codes=()

aside() {
  local log
  log=$(mktemp -t buildit-aside.XXXXXX)
  aside_names+=("$1") aside_usually+=("$2") aside_logs+=("$log") aside_starts+=("$SECONDS") aside_shown+=('') aside_codes+=('')
  shift 2
  # A process group of its own, by which all that it starts can be ended.
  set -m
  ("$@") >"$log" 2>&1 </dev/null &
  set +m
  aside_pids+=($!)
}

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# aside_news INDEX: shows the last line when it is another one.
aside_news() {
  local line
  # Without the time of day that lib.sh's say begins with: how long it took is shown instead.
  line=$(tail -n 1 "${aside_logs[$1]}" | tr -d '\r' | sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} //' | cut -c1-150)
  [ -n "$line" ] && [ "$line" != "${aside_shown[$1]}" ] || return 1
  aside_shown[$1]=$line
  printf '    %s  %s: %s\n' "$(minutes $((SECONDS - aside_starts[$1])))" "${aside_names[$1]}" "$line"
}

together() {
  local index quiet=$SECONDS left
  while :; do
    left=()
    for index in "${!aside_pids[@]}"; do
      [ -z "${aside_codes[index]}" ] || continue
      if aside_news "$index"; then quiet=$SECONDS; fi
      if kill -0 "${aside_pids[index]}" 2>/dev/null; then
        left+=("$index")
        continue
      fi
      aside_codes[index]=0
      wait "${aside_pids[index]}" || aside_codes[index]=$?
      printf '    %s  %s: %s\n' "$(minutes $((SECONDS - aside_starts[index])))" "${aside_names[index]}" \
        "$([ "${aside_codes[index]}" = 0 ] && echo ready || echo failed)"
      quiet=$SECONDS
      [ "${aside_codes[index]}" = 0 ] || {
        tail -n 30 "${aside_logs[index]}" >&2
        return 1
      }
    done
    [ ${#left[@]} -gt 0 ] || return 0
    if [ $((SECONDS - quiet)) -ge 20 ]; then
      for index in "${left[@]}"; do
        printf '    %s  %s: still at it; usually %s\n' "$(minutes $((SECONDS - aside_starts[index])))" "${aside_names[index]}" "${aside_usually[index]}"
      done
      quiet=$SECONDS
    fi
    sleep 0.5
  done
}

part_ways() {
  local index
  for index in "${!aside_pids[@]}"; do
    [ -n "${aside_codes[index]}" ] || kill -TERM -- "-${aside_pids[index]}" 2>/dev/null || true
    rm -f "${aside_logs[index]}"
  done
}

#!/usr/bin/env bash
# Builds the solution once and runs the test projects: what only computes side by side, the rest one after the other. The
# last line is "N passed, N failed, N skipped".
#
#   scripts/test.sh [--kind KIND]... [--filter EXPRESSION] [PROJECT...]
#
#   KIND: unit, integration or e2e, the folders of tests/. PROJECT: a name, such as BuildIt.Sfu.Net.Tests, or
#   conference-client, whose tests are among the unit tests. EXPRESSION is one of dotnet's, so it leaves these out.
#
# Fails when a test fails, when a project breaks off, when nothing ran at all, and when more than two tests were unsteady:
# tests of browsers and containers that failed and passed when run again by themselves. Nothing else is run twice. Both
# logs stay in artifacts/test-results.
set -euo pipefail
cd "$(dirname "$0")/.."

unsteady_allowed=2 slowest=10

filter=() projects=() kinds=()
while [ $# -gt 0 ]; do
  case $1 in
    --filter) filter=(--filter "$2"); shift ;;
    --kind) kinds+=("$2"); shift ;;
    conference-client) projects+=("$1") ;;
    *) projects+=(tests/*/"$1/$1.csproj") ;;
  esac
  shift
done
if [ ${#projects[@]} = 0 ]; then
  [ ${#kinds[@]} -gt 0 ] || kinds=(unit integration e2e)
  for kind in "${kinds[@]}"; do projects+=(tests/"$kind"/*/*.Tests.csproj); done
  # First, because it takes longest.
  if [[ " ${kinds[*]} " == *' unit '* ]] && [ ${#filter[@]} = 0 ]; then projects=(conference-client "${projects[@]}"); fi
fi

# needs KIND: whether a project of this kind is among those to run.
needs() { printf '%s\n' "${projects[@]}" | grep -q "^tests/$1/"; }

results=$PWD/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
began=$SECONDS

finish() {
  # The compiler that all projects share would stay for a while otherwise.
  dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true
  local passed=0 failed=0 skipped=0 unsteady=0 good bad left again
  for tally in "$results"/*.tally; do
    [ -f "$tally" ] || continue
    read -r good bad left again <"$tally"
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left)) unsteady=$((unsteady + again))
  done
  if [ "${broken:-}" ]; then failed=$((failed + 1)); fi
  if [ $((passed + failed)) -gt 0 ]; then print_slowest; fi
  echo "$((SECONDS - began)) seconds"
  if [ "$unsteady" -gt "$unsteady_allowed" ]; then
    echo "More than $unsteady_allowed tests were unsteady: the first of their logs are in $results."
    failed=$((failed + 1))
  fi
  echo "$unsteady unsteady"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# The slowest tests of all projects, longest first.
print_slowest() {
  echo "The $slowest slowest tests:"
  { grep -hoE '<UnitTestResult [^>]*' "$results"/*.trx 2>/dev/null || true; } |
    sed -nE 's/.* testName="([^"]*)".* duration="([0-9:.]*)".*/\2 \1/p' |
    sort -r | head -n "$slowest" | sed -E 's/^([0-9:]+)\.?([0-9])?[0-9]* /    \1.\2 /' || true
}

build() {
  local target=BuildIt.Operator.sln
  if [ "${projects[*]}" = conference-client ]; then return 0; fi
  # For those who change the code and want an answer within a minute.
  if ! needs integration && ! needs e2e; then target=tests/unit/unit.proj; fi
  echo "Building"
  dotnet build "$target" --no-restore -nologo -v quiet
}

# What integration and e2e tests run against, made here rather than by the first test that needs it, which would look as
# if it hung. Needs no compiler of ours, so it is made beside the build.
prepare() {
  local level=control-plane
  [ -z "${KUBECONFIG_E2E:-}" ] || return 0
  if [ "$(id -u)" = 0 ]; then level=node; fi
  tests/cluster/build.sh "$level" >/dev/null && tests/cluster/tools.sh >/dev/null && tests/cluster/definition-server.sh build >/dev/null
}

# failed_filter FILE: a filter for the methods that failed, as the test result file names them.
failed_filter() {
  { grep -E '<UnitTestResult .*outcome="Failed"' "$1" || true; } | sed -nE 's/.* testName="([^"(]+).*/FullyQualifiedName~\1/p' | sort -u | paste -sd '|'
}

# counter FILE NAME: an attribute of the <Counters> element of a test result file.
counter() { sed -nE "s/.*<Counters.* $2=\"([0-9]+)\".*/\1/p" "$1" | head -n 1; }

# run_project PROJECT: runs its tests, prints one line (and the log where a test failed), and leaves its numbers in a file.
run_project() {
  local project=$1 name kind started=$SECONDS code=0 total=0 executed=0 good=0 bad again='' unsteady=0 trx out=''
  name=$(basename "$project" .csproj) kind=$(cut -d / -f 2 <<<"$project")
  trx=$results/$name.trx
  # A test that hangs is ended and counted as failed, instead of holding up the rest.
  dotnet test "$project" --no-build --nologo --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
    --blame-hang --blame-hang-timeout 10m --blame-hang-dump-type none \
    ${filter[@]+"${filter[@]}"} >"$results/$name.log" 2>&1 </dev/null || code=$?

  if [ -f "$trx" ]; then
    total=$(counter "$trx" total) executed=$(counter "$trx" executed) good=$(counter "$trx" passed)
  fi
  bad=$((executed - good))
  # A browser or a container on a busy machine can miss a deadline. What failed is run once more by itself, and is said to
  # be unsteady when it passes then: a fault to be found, whose first log stays.
  if [ "$kind" = e2e ] && [ "$code" != 0 ] && [ "$bad" -gt 0 ] && [ "$bad" -le 5 ]; then
    again=$(failed_filter "$trx")
    if [ -n "$again" ] && dotnet test "$project" --no-build --nologo --filter "$again" >"$results/$name.again.log" 2>&1 </dev/null; then
      out+="    unsteady, passed when run again: ${again//FullyQualifiedName~/}"$'\n'
      unsteady=$bad good=$((good + bad)) bad=0 code=0
    fi
  fi
  # No failed test and yet a failure: the test host crashed or never started.
  if [ "$code" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  echo "$good $bad $((total - executed)) $unsteady" >"$results/$name.tally"
  if [ "$bad" != 0 ] || [ "$unsteady" != 0 ]; then out+=$(sed 's/^/    /' "$results/$name.log")$'\n'; fi
  # At once, so that lanes do not write into each other's lines.
  printf '%-40s %5d passed %4d failed %4d skipped %5d s\n%s' "$name" "$good" "$bad" "$((total - executed))" "$((SECONDS - started))" "$out"
}

# tally FILE NAME: a number of the summary that node's test runner closes with.
tally() { sed -nE "s/^# $2 ([0-9]+)$/\1/p" "$1" | tail -n 1; }

# run_client: compiles the TypeScript client and runs its tests, and leaves their numbers as run_project does.
run_client() {
  local log=$results/conference-client.log started=$SECONDS code=0 good bad left out=''
  # The reporter is named because node chooses another when nobody reads along. A test that hangs is ended.
  (cd conference-client && npm run --silent pretest &&
    timeout 10m find artifacts/tests -name '*.test.js' -exec node --require ./tests/support/webcrypto.cjs --test --test-reporter=tap {} +) \
    >"$log" 2>&1 </dev/null || code=$?
  good=$(tally "$log" pass) bad=$(tally "$log" fail) left=$(tally "$log" skipped)
  good=${good:-0} bad=${bad:-0} left=${left:-0}
  # It did not compile, broke off, or had nothing to run.
  if [ "$bad" = 0 ] && { [ "$code" != 0 ] || [ "$good" = 0 ]; }; then bad=1; fi
  echo "$good $bad $left 0" >"$results/conference-client.tally"
  if [ "$bad" != 0 ]; then out=$(sed 's/^/    /' "$log")$'\n'; fi
  printf '%-40s %5d passed %4d failed %4d skipped %5d s\n%s' conference-client "$good" "$bad" "$left" "$((SECONDS - started))" "$out"
}

# lane QUEUE: runs the projects that the file lists, one after the other. Several lanes may share one queue.
lane() {
  local project
  while project=$(flock "$1.lock" -c "head -n 1 '$1'; sed -i 1d '$1'") && [ -n "$project" ]; do
    if [ "$project" = conference-client ]; then run_client; else run_project "$project"; fi
  done
}

if needs integration || needs e2e; then
  echo "Preparing the local Kubernetes"
  prepare &
  preparing=$!
fi
if ! build; then
  broken=yes
  echo "The build failed; no test ran."
  if [ "${preparing:-}" ]; then wait "$preparing" || true; fi
  finish
  exit 1
fi

if [ "${preparing:-}" ] && ! wait "$preparing"; then
  echo "There is no local Kubernetes; the tests that need it will fail."
fi

# What only computes goes side by side, and so does what mostly waits for an API server. Nodes under load, browsers and
# containers have the machine to themselves, one project after the other: side by side on two cores their fleets fall
# silent and are replaced, as they should be.
for project in "${projects[@]}"; do
  case $project in
    tests/unit/* | conference-client) echo "$project" >>"$results/unit.queue" ;;
    */BuildIt.Operator.*.csproj | */BuildIt.RoomApi.Tests.csproj) echo "$project" >>"$results/waiting.queue" ;;
    *) echo "$project" >>"$results/other.queue" ;;
  esac
done
for queue in unit waiting; do
  if [ -f "$results/$queue.queue" ]; then
    lane "$results/$queue.queue" & first=$!
    lane "$results/$queue.queue" || broken=yes
    wait "$first" || broken=yes
  fi
done
if [ -f "$results/other.queue" ]; then lane "$results/other.queue" || broken=yes; fi
finish

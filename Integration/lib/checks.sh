# How tests speak: each check prints one line and is counted. Sourced by bash.
passed=0 failed=0
busybox=docker.io/library/busybox:latest
runtime=io.containerd.cloister.v2

pass() { passed=$((passed + 1)); printf 'ok      %s\n' "$1"; }
fail() {
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | head -n 40 | sed 's/^/        /'
}

# check NAME EXPECTED ACTUAL: two texts are the same.
check() {
    if [ "$2" == "$3" ]; then pass "$1"; else fail "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") || true)"; fi
}

# The id of the next container.
identifier() { identifiers=$((${identifiers:-0} + 1)); id=t$$-$identifiers; }

# Runs a command in a new busybox container by ctr: its output, then its exit status in a last line.
in_container() {
    identifier
    local status=0
    timeout -k 5 60 ctr run --rm --runtime "$runtime" "$busybox" "$id" "$@" 2>&1 </dev/null || status=$?
    printf 'status %d\n' "$status"
}

run_units() {
    say "Unit tests"
    local log; log=$(mktemp)
    local status=0
    (cd "$repository" && swift test 2>&1) >"$log" || status=$?
    local counts; counts=$(grep -E 'Test run with [0-9]+ tests' "$log" | tail -n 1 || true)
    local total; total=$(sed -nE 's/.*Test run with ([0-9]+) tests.*/\1/p' <<<"$counts")
    if [ $status = 0 ] && [ -n "$total" ]; then
        passed=$((passed + total)); printf 'ok      %s unit tests\n' "$total"
    else
        grep -E 'recorded an issue|error:|✘' "$log" | head -n 30 || tail -n 30 "$log"
        fail "unit tests"
    fi
    rm -f "$log"
}

# The benchmark suite's own tests, which end in a count like ours.
run_perf_units() {
    say "Tests of Integration/perf"
    local log; log=$(mktemp)
    python3 "$repository/Integration/perf/tests/run" >"$log" 2>&1 || true
    local good bad; read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$log" | tail -n 1) || true
    if [ "${bad:-1}" = 0 ]; then
        passed=$((passed + good)); printf 'ok      %s tests of Integration/perf\n' "$good"
    else
        fail "tests of Integration/perf" "$(tail -n 40 "$log")"
    fi
    rm -f "$log"
}

summary() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

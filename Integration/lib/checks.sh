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

# Runs a program that prints such lines itself, and counts them.
counted() {
    local lines; lines=$(mktemp)
    local status=0
    "$@" | tee "$lines"
    status=${PIPESTATUS[0]}
    passed=$((passed + $(grep -c '^ok ' "$lines")))
    failed=$((failed + $(grep -c '^FAILED ' "$lines")))
    [ "$status" = 0 ] || fail "${1##*/} ended with status $status"
    rm -f "$lines"
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
        grep -E -A 3 'recorded an issue|error:|✘' "$log" | head -n 60 || tail -n 30 "$log"
        fail "unit tests"
    fi
    rm -f "$log"
}

# Tests/Guest: each program natively and on our kernel, without containers.
run_guests() {
    say "Guest programs ($1)"
    local log; log=$(mktemp)
    (cd "$repository" && swift build --product guest-run 2>&1 && swift build --product cloister-gofer 2>&1) >"$log" ||
        { fail "guest programs ($1)" "$(tail -n 30 "$log")"; return; }
    GUEST_RUN_FLAGS=--platform=$1 "$repository/Tests/Guest/run" >"$log" 2>&1 || true
    GUEST_RUN_FLAGS=--platform=$1 "$repository/Tests/Guest/lacking" >>"$log" 2>&1 || true
    # Both say at the end how it went.
    local good bad; read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$log" |
        awk '{ good += $1; bad += $2 } END { print good + 0, NR == 2 ? bad + 0 : bad + 1 }') || true
    passed=$((passed + ${good:-0}))
    if [ "${bad:-1}" = 0 ]; then printf 'ok      %s runs of guest programs\n' "$good"
    else fail "guest programs ($1)" "$(grep -v '^ok ' "$log" | head -n 60)"; fi
    rm -f "$log"
}

# Lets ctr and cloister run what follows on platform $1: by commands in folder $2 that come before the real ones.
use_platform() {
    PATH=${PATH//"${platform_commands:-/nonexistent}:"/}
    platform_commands=$2
    mkdir -p "$2"
    printf 'platform = "%s"\n' "$1" >"$2/cloister.toml"
    cat >"$2/ctr" <<SH
#!/bin/bash
# Our containers get this folder's configuration.
case " \$* " in
    *" run "*"$runtime "*)
        while [ "\$1" != run ]; do before+=("\$1"); shift; done
        exec $(command -v ctr) "\${before[@]}" run --runtime-config-path "$2/cloister.toml" "\${@:2}" ;;
esac
exec $(command -v ctr) "\$@"
SH
    printf '#!/bin/sh\nexec %s --platform=%s "$@"\n' "$(command -v cloister)" "$1" >"$2/cloister"
    chmod +x "$2/ctr" "$2/cloister"
    PATH=$2:$PATH
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

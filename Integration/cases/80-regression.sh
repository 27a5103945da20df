# On one platform only
# System calls, start-up and memory against what they cost when gate.json was recorded: fails when one doubles.
output=$("$repository/Integration/perf/perf" gate --cache "$home/perf" 2>&1)
status=$?
check "no figure has doubled" 0 "$status"
[ "$status" = 0 ] || printf '%s\n' "$output" | grep -v '^ok ' | sed 's/^/        /'

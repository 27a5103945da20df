# The first things that anybody tries.
check "echo" $'hello\nstatus 0' "$(in_container echo hello)"
check "exit status" 'status 7' "$(in_container sh -c 'exit 7')"
check "death by signal" 'status 137' "$(in_container sh -c 'sh -c "kill -9 \$\$" 2>/dev/null; exit $?' | grep -v Killed)"
check "process 1 is immune to its own SIGKILL" $'alive\nstatus 0' "$(in_container sh -c 'kill -9 1; echo alive')"

identifier
check "10 MiB through standard input" 10485760 \
    "$(head -c 10485760 /dev/zero | timeout 60 ctr run --rm --runtime "$runtime" "$busybox" "$id" wc -c 2>&1 | tr -d ' ')"
identifier
check "10 MiB of output, intact" "$(head -c 10485760 /dev/zero | md5sum)" \
    "$(timeout 60 ctr run --rm --runtime "$runtime" "$busybox" "$id" head -c 10485760 /dev/zero </dev/null | md5sum)"
check "pipelines" $'3\nstatus 0' "$(in_container sh -c 'printf "a\nb\nc\n" | cat | wc -l | tr -d " "')"
check "a missing command" 'exec: "/no/such/command": stat /no/such/command: no such file or directory' \
    "$(in_container /no/such/command | grep -o 'exec: "/no/such.*directory')"

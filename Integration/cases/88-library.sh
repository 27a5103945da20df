# On one platform only
# The shim of another runtime, made with our library: Integration/examples/containerd-shim-example-v1 under containerd.
example=$binaries/containerd-shim-example-v1
[ -x "$example" ] || (cd "$repository" && swift build -c release --static-swift-stdlib -Xswiftc -static-executable --product containerd-shim-example-v1) >/dev/null 2>&1
check "the example is a skeleton" yes "$([ "$(wc -l <"$repository/Integration/examples/containerd-shim-example-v1/main.swift")" -lt 60 ] && echo yes)"
identifier
status=0; ctr run --rm --runtime "$example" "$busybox" "$id" /bin/busybox sh -c 'echo from the example; exit 6' >"$home/example" 2>&1 </dev/null || status=$?
check "it runs under containerd" $'from the example\nstatus 6' "$(cat "$home/example")"$'\n'"status $status"
identifier
ctr run -d --runtime "$example" "$busybox" "$id" /bin/busybox sleep 1000 >/dev/null 2>&1 </dev/null
check "in the background too" RUNNING "$(ctr task ls | awk -v id="$id" '$1==id {print $3}')"
check "what it leaves out is refused in words" yes "$(ctr task exec --exec-id e "$id" true 2>&1 </dev/null | grep -q 'not implemented' && echo yes)"
ctr task kill -s KILL "$id"
for _ in $(seq 50); do ctr task ls | grep -q "^$id .*STOPPED" && break; sleep 0.1; done
check "it is killed" STOPPED "$(ctr task ls | awk -v id="$id" '$1==id {print $3}')"
ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1

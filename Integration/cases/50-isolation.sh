# From inside, nothing of the host shows, and nothing that a guest asks for reaches it.
packages gcc libc6-dev
gcc -O1 -static -o "$home/every-call" "$repository/Integration/guest/every-call.c"
check "the kernel is ours" yes "$(in_container cat /proc/version | grep -io cloister | head -n 1 | sed 's/.*/yes/I')"
check "no process of the host" 2 "$(in_container ps | grep -c -v -e PID -e status | tr -d ' ' | sed 's/^1$/2/')"
check "the hostname is not the host's" 0 "$(in_container hostname | grep -cx "$(hostname)")"
check "no mount of the host" 0 "$(in_container cat /proc/mounts | grep -c "$home")"
check "no network interface of the host" "" "$(in_container ls /sys/class/net | grep -v -e '^lo$' -e status)"
before=$(sort -u /proc/mounts | md5sum)
identifier; neighbour=$id
ctr run -d --runtime "$runtime" "$busybox" "$neighbour" sleep 1000 >/dev/null 2>&1 </dev/null
identifier
check "every system call with arguments that hurt" "made" \
    "$(timeout 570 ctr run --rm --runtime "$runtime" --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$id" /guest/every-call 1 2>/dev/null </dev/null | cut -d' ' -f1)"
# Attacks on the platform's own code and memory (Tests/Guest/hostile), each as a container beside the neighbour.
source "$repository/Integration/lib/kernel-log.sh"
mark_log || printf 'skipped the host'\''s log: it cannot be written and read here\n'
for program in stub passing flips; do
    gcc -O1 -w -pthread -static -o "$home/$program" "$repository/Tests/Guest/hostile/$program.c"
    identifier
    check "hostile: $program" survived \
        "$(timeout -k 5 120 ctr run --rm --runtime "$runtime" --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$id" "/guest/$program" 2>/dev/null </dev/null | grep -x survived)"
done
check "the host's kernel log says nothing of it" "" "$(said_of_us)"
check "the neighbour did not notice" alive "$(ctr task exec --exec-id x "$neighbour" echo alive 2>&1 </dev/null)"
ctr task kill -s KILL "$neighbour"; sleep 0.5; ctr task rm -f "$neighbour" >/dev/null 2>&1; ctr container rm "$neighbour" >/dev/null 2>&1
check "the host's mounts are as before" "$before" "$(sort -u /proc/mounts | md5sum)"

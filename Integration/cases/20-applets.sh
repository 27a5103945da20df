# Busybox's applets give the same output as natively, line by line.
identifier
expected=$(timeout 120 ctr run --rm --runtime io.containerd.runc.v2 --mount "type=bind,src=$repository/Integration/guest,dst=/guest,options=rbind:ro" \
    "$busybox" "$id" sh /guest/applets 2>&1 </dev/null)
identifier
actual=$(timeout 120 ctr run --rm --runtime "$runtime" --mount "type=bind,src=$repository/Integration/guest,dst=/guest,options=rbind:ro" \
    "$busybox" "$id" sh /guest/applets 2>&1 </dev/null)
check "sixty applets of busybox, as under runc ($(wc -l <<<"$expected") lines)" "$expected" "$actual"

# A container near its memory limit: what a process had is free for the next one as soon as its end is told.
gcc -O1 -static -o "$home/hog" "$repository/Integration/guest/hog.c"
identifier
check "most of a container's memory, again and again" $'children one after another: 30\ngiven back and taken: 30\ngoes on' \
    "$(timeout -k 5 120 ctr run --rm --runtime "$runtime" --memory-limit $((128 << 20)) \
        --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$id" /guest/hog 88 2>&1 </dev/null)"
rm -f "$home/hog"

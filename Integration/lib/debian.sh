# Debian bookworm root file systems, made by debootstrap and kept beside the build.

# Prints the folder of one with the usual programs.
debian_root() {
    local folder=$repository/.build/peers/debian mirror
    if [ ! -e "$folder/.complete" ]; then
        packages debootstrap
        say "Making a Debian root by debootstrap" >&2
        rm -rf "$folder"
        mirror=$(sed -nE 's,^(URIs: *|deb (\[[^]]*\] )?)([^ ]*/debian/?)( .*)?$,\3,p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
        debootstrap --variant=minbase --include=perl,python3,git,gcc,libc6-dev,procps bookworm "$folder" ${mirror:+"$mirror"} >/dev/null
        rm -rf "$folder"/var/cache/apt/archives/*.deb && touch "$folder/.complete"
    fi
    printf '%s\n' "$folder"
}

# Prints the folder of one that has gdb and strace as well.
debuggers_root() {
    local base folder=$repository/.build/peers/debian-debuggers
    if [ ! -e "$folder/.complete-debuggers" ]; then
        base=$(debian_root)
        say "Adding gdb and strace to a Debian root" >&2
        rm -rf "$folder" && cp -a "$base" "$folder"
        cp /etc/resolv.conf "$folder/etc/resolv.conf" 2>/dev/null || true
        [ ! -d /etc/apt/apt.conf.d ] || cp -n /etc/apt/apt.conf.d/*proxy* "$folder/etc/apt/apt.conf.d/" 2>/dev/null || true
        chroot "$folder" env DEBIAN_FRONTEND=noninteractive sh -c \
            'apt-get update -q && apt-get install -y -q --no-install-recommends gdb strace' >/dev/null 2>&1 ||
            { say "gdb and strace cannot be had" >&2; return 1; }
        rm -rf "$folder"/var/cache/apt/archives/*.deb && touch "$folder/.complete-debuggers"
    fi
    printf '%s\n' "$folder"
}

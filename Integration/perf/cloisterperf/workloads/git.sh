# Clones, asks for the state of and searches a large repository; one `figure` line each.
set -eu
export HOME=/tmp GIT_CONFIG_NOSYSTEM=1
git config --global safe.directory '*'
figure() {
    local started=$EPOCHREALTIME name=$1
    shift
    "$@" >/tmp/output 2>&1 || { cat /tmp/output; exit 1; }
    local ended=$EPOCHREALTIME
    printf 'figure %s %d.%06d\n' "$name" $(((${ended/./} - ${started/./}) / 1000000)) $(((${ended/./} - ${started/./}) % 1000000))
}
figure clone git clone -q --no-hardlinks /srv/git /tmp/clone
cd /tmp/clone
figure status git status --short
figure grep git grep -c 'aaa0 .*bbb6'

# Programs of a Debian bookworm root give the same results as under runc.
source "$repository/Integration/lib/debian.sh"
debian=$(debian_root)
make_image "$debian" docker.io/library/debian:bookworm "$home/debian.tar"
ctr image import "$home/debian.tar" >/dev/null && rm "$home/debian.tar"

# both NAME COMMAND...: the same output and status in Debian under runc and under ours.
both() {
    local name=$1 expected actual status
    shift
    identifier; status=0
    expected=$(timeout -k 5 120 ctr run --rm --runtime io.containerd.runc.v2 docker.io/library/debian:bookworm "$id" "$@" 2>&1 </dev/null) || status=$?
    expected+=$'\nstatus '$status
    identifier; status=0
    actual=$(timeout -k 5 120 ctr run --rm --runtime "$runtime" docker.io/library/debian:bookworm "$id" "$@" 2>&1 </dev/null) || status=$?
    actual+=$'\nstatus '$status
    check "$name" "$expected" "$actual"
}
both "bash" bash -c 'declare -A m=([a]=1 [b]=2); for k in "${!m[@]}"; do echo $k ${m[$k]}; done | sort; cat <(echo process substitution); coproc cat; echo co >&${COPROC[1]}; read -u ${COPROC[0]} x; echo $x; ulimit -n >/dev/null; echo $((2**62)) ${BASH_VERSION%%.*}; set -o pipefail; false | true; echo $?'
both "coreutils" bash -c 'cd /tmp; seq 1000 | sort -R | sort -n | md5sum; ls -l --time-style=+ /etc | awk "{print \$1,\$3,\$5}" | md5sum; stat -c "%a %U %F" /etc/shadow; df --output=target /; timeout 1 tail -f /dev/null; echo $?; factor 1234567; shred -n1 -u $(mktemp); nproc >/dev/null; stdbuf -oL echo x; date -u -d @1 +%s'
both "perl" perl -e 'use POSIX; my $p=fork; if(!$p){exit 3} waitpid($p,0); print $?>>8,"\n"; my @s=sort {$a<=>$b} map {($_*7919)%1000} 1..100; print "@s[0..4]\n"; open F,"/etc/passwd"; print scalar(grep {/root/} <F>),"\n"; local $SIG{ALRM}=sub{print "alarm\n"}; alarm 1; select undef,undef,undef,3; print `echo sub`'
both "python3 threads" python3 -c 'import threading,queue; q=queue.Queue(); ts=[threading.Thread(target=lambda i=i:q.put(i*i)) for i in range(50)]; [t.start() for t in ts]; [t.join() for t in ts]; print(sum(q.get() for _ in range(50)))'
both "python3 subprocess" python3 -c 'import subprocess; print(subprocess.run(["sh","-c","cat; exit 4"],input=b"in",capture_output=True)); print(subprocess.check_output("ls / | sort | head -3",shell=True)); p=[subprocess.Popen(["true"]) for _ in range(20)]; print([x.wait() for x in p])'
both "python3 sqlite3" python3 -c 'import sqlite3; c=sqlite3.connect("/tmp/x.db"); c.execute("create table t(a,b)"); c.executemany("insert into t values(?,?)",[(i,str(i)) for i in range(10000)]); c.commit(); print(c.execute("select sum(a),count(*) from t").fetchone()); c.execute("pragma journal_mode=wal"); c.execute("delete from t where a%2"); c.commit(); print(c.execute("select count(*) from t").fetchone())'
both "python3 hashlib, json, multiprocessing" python3 -c 'import hashlib,json,multiprocessing,mmap,tempfile,os,signal,select,socket; print(hashlib.sha256(b"x"*100000).hexdigest(), json.dumps({"a":[1,2]}));
with multiprocessing.Pool(3) as p: print(p.map(abs,range(-5,5)))
f=tempfile.TemporaryFile(); f.write(b"a"*8192); f.flush(); m=mmap.mmap(f.fileno(),8192); m[0:3]=b"xyz"; f.seek(0); print(f.read(4)); a,b=socket.socketpair(); a.send(b"hi"); print(select.select([b],[],[],1)[0]==[b], b.recv(9)); signal.signal(signal.SIGALRM,lambda *x:print("alrm")); signal.setitimer(signal.ITIMER_REAL,0.05); signal.pause()'
both "dpkg" bash -c 'dpkg -l | tail -n +6 | awk "{print \$2}" | md5sum; dpkg -S /bin/bash; dpkg -V coreutils; echo $?'
both "apt-get" apt-get --version
both "gcc compiles and runs" bash -c 'cd /tmp; printf "#include <stdio.h>\n#include <math.h>\nint main(){printf(\"hello %%.3f\\\\n\",sqrt(2));}" >h.c; gcc -O2 -o h h.c -lm && ./h; gcc -static -o hs h.c -lm && ./hs; gcc --version | head -n 1'
both "git" bash -c 'export GIT_AUTHOR_DATE="2020-01-01T00:00:00Z" GIT_COMMITTER_DATE="2020-01-01T00:00:00Z" GIT_CONFIG_GLOBAL=/dev/null; cd /tmp && git init -q r && cd r && git config user.email a@b && git config user.name n && cp -r /etc/alternatives . && git add -A && git commit -qm one && git rev-parse HEAD^{tree} && git log --oneline | wc -l && git checkout -q -b two && echo x >y && git add y && git commit -qm two && git merge-base two master && git gc -q && git fsck && git status --short'
both "ls -lR /usr" bash -c 'ls -lR --time-style=+%s /usr | md5sum; find / -xdev -type f 2>/dev/null | grep -v -e ^/etc/resolv -e ^/proc -e ^/sys | sort | md5sum; tar cf - -C / usr/bin | wc -c'

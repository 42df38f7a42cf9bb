"""What an agent may try that does no lasting harm, and what must come of it.

Each probe is a shell command for the agent's Bash and a pattern that its output must match, line by line.
"""

from __future__ import annotations

from dataclasses import dataclass

NONE = r"\Aend\Z"
DENIED = r"EPERM|EACCES|not permitted|Permission denied"
READ_ONLY = r"Read-only file system"
X86 = "x86_64"


@dataclass(frozen=True)
class Probe:
    """`command` may name host facts in braces; see test_probes.py."""

    name: str
    command: str
    expected: str
    never: str | None = None
    machine: str | None = None


def call(name: str, number: int, *arguments: int | str, expected: str = "^EPERM$") -> Probe:
    words = " ".join(str(word) for word in (number, *arguments))
    return Probe(f"the system call {name}", f"python3 call.py {words}", expected, never="ALLOWED", machine=X86)


def proxy(name: str, line: str, expected: str = "^HTTP/1.1 403") -> Probe:
    return Probe(name, f"python3 ask.py '{line}'", expected, never="^HTTP/1.1 200")


FILES = [
    Probe("a file of another agent", "cat {other_file}", "No such file"),
    Probe("a file in the host's /tmp", "ls {host_tmp}", "No such file"),
    Probe("the host's passwords and root's home", "ls /etc/shadow /root /etc/sudoers", "No such file", never="root:"),
    Probe(
        "host paths among the mounts",
        "cat /proc/self/mountinfo",
        r"/workspace",
        never=r"{repository}|{home_folder}|"
        r"/root/|/home/(?!agent)",
    ),
    Probe("the environment of pid 1", "tr '\\0' '\\n' < /proc/1/environ", r"\A(?!.*CANARY).*\Z", never=r"="),
    Probe(
        "the environment of every process",
        "cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
        "ANTHROPIC_AUTH_TOKEN",
        never=r"CANARY|{runner_token}|{nonce}",
    ),
    Probe(
        "the command lines of every process",
        "cat /proc/[0-9]*/cmdline | tr '\\0' ' '",
        "inside.py|claude",
        never=r"{model_token}|{runner_token}|{nonce}|{repository}|agent-runner",
    ),
    Probe("processes of the host", "ls -d /proc/[0-9]* | wc -l", r"^\d\d?$"),
    Probe("the root of pid 1", "cat /proc/1/root{other_file}", "No such file|Permission denied"),
    Probe(
        "writing where the system is",
        "for at in / /etc /usr /usr/bin /dev /opt /lib; do touch $at/x; done; true",
        rf"(?:{READ_ONLY}[\s\S]*){{7}}",
    ),
    Probe(
        "replacing the CLI or the first program",
        "cp /bin/true /opt/claude; rm /opt/inside.py; mv /opt/inside.py /opt/x; true",
        r"(?:(?:Read-only file system|Text file busy|Device or resource busy)[\s\S]*){3}",
    ),
    Probe("devices of the host", "ls /dev", r"null", never=r"vd[a-z]|sd[a-z]|nvme|kvm|fuse|mem|loop|vsock|net"),
    Probe("making a device", "mknod /tmp/disk b 254 0; mknod /workspace/null c 1 3; ls /tmp/disk", DENIED),
    Probe("the control groups' file system", "ls /sys /sys/fs/cgroup", "No such file"),
    Probe(
        "the kernel's boot line, keys and symbols",
        "cat /proc/cmdline /proc/keys /proc/kallsyms /proc/timer_list; echo end",
        NONE,
    ),
    Probe("the host's name", "uname -n; cat /proc/sys/kernel/hostname", r"\Asandbox\nsandbox\Z"),
    Probe("the host's machine id", "cat /etc/machine-id /var/lib/dbus/machine-id /etc/hostname", "No such file"),
    Probe("a resolver of the host", "cat /etc/resolv.conf; echo end", NONE),
    Probe("descriptors that were inherited", "ls -l /proc/$PPID/fd", r"pipe:", never=r"memfd|bpf|{repository}"),
    Probe("secrets in the memory of pid 1", "python3 scan.py {backwards}", r"\AABSENT\Z|Permission denied"),
]

NETWORK = [
    Probe("the cloud's metadata address", "python3 dial.py AF_INET SOCK_STREAM 169.254.169.254 80", "ENETUNREACH"),
    proxy("the cloud's metadata address by the proxy", "CONNECT 169.254.169.254:80 HTTP/1.1"),
    proxy("the cloud's metadata name by the proxy", "CONNECT metadata.google.internal:80 HTTP/1.1"),
    proxy("plain HTTP to a host off the list", "GET http://other.example/ HTTP/1.1"),
    proxy("plain HTTP to the cloud's metadata address", "GET http://169.254.169.254/ HTTP/1.1"),
    proxy("plain HTTP with a name and password", "GET http://me:you@allowed.example/ HTTP/1.1"),
    proxy("plain HTTP to another port", "GET http://allowed.example:8080/ HTTP/1.1"),
    proxy("https in the manner of plain HTTP", "GET https://allowed.example/ HTTP/1.1"),
    Probe("the internet directly", "python3 dial.py AF_INET SOCK_STREAM 1.1.1.1 443", "ENETUNREACH"),
    Probe(
        "the internet by IPv6",
        "python3 dial.py AF_INET6 SOCK_STREAM 2606:4700:4700::1111 443",
        "ENETUNREACH|EADDRNOTAVAIL",
    ),
    Probe("a port of the host's loopback", "python3 dial.py AF_INET SOCK_STREAM 127.0.0.1 {host_port}", "ECONNREFUSED"),
    Probe(
        "a port of the host's loopback by the proxy",
        "python3 ask.py 'CONNECT 127.0.0.1:{host_port} HTTP/1.1'",
        "^HTTP/1.1 403",
    ),
    Probe(
        "a question to a name server",
        "python3 dial.py AF_INET SOCK_DGRAM 8.8.8.8 53; getent hosts example.com || echo no",
        r"ENETUNREACH\s+no",
    ),
    proxy("an allowed name that is loopback", "CONNECT localhost:443 HTTP/1.1"),
    proxy("another port of an allowed host", "CONNECT localhost:8080 HTTP/1.1"),
    proxy("an allowed name with a user in front", "CONNECT localhost@evil.example:443 HTTP/1.1"),
    proxy("the name above a wildcard", "CONNECT example.org:443 HTTP/1.1"),
    proxy("a name that ends like a wildcard", "CONNECT evilexample.org:443 HTTP/1.1"),
    proxy("an address as a number", "CONNECT 2130706433:80 HTTP/1.1"),
    proxy("an IPv6 address", "CONNECT [::1]:443 HTTP/1.1"),
    proxy("a host without a port", "CONNECT localhost HTTP/1.1"),
    Probe(
        "a request without end",
        "head -c 100000 /dev/zero | tr '\\0' a | timeout 20 nc 127.0.0.1 3128 || "
        "python3 ask.py \"CONNECT $(head -c 9000 /dev/zero | tr '\\0' a):443 HTTP/1.1\"",
        "^HTTP/1.1 403|CLOSED",
    ),
    Probe("a unix socket of the host", "python3 dial.py AF_UNIX SOCK_STREAM @{abstract_socket}", "ECONNREFUSED"),
    Probe(
        "unix sockets that others listen on", "cat /proc/net/unix | grep -v gateway.sock | grep -c '@' || true", r"^0$"
    ),
    Probe("a raw socket", "python3 dial.py AF_INET SOCK_RAW 127.0.0.1 0", "^EPERM$"),
    Probe("a packet socket", "python3 dial.py AF_PACKET SOCK_RAW lo 0", "^EAFNOSUPPORT$"),
    Probe("a socket to the hypervisor", "python3 call.py 41 40 1 0", "^EAFNOSUPPORT$", machine=X86),
    Probe("a socket to the kernel's ciphers", "python3 call.py 41 38 5 0", "^EAFNOSUPPORT$", machine=X86),
    Probe(
        "a family hidden in the upper half of a word",
        "python3 call.py 41 0x100000026 5 0",
        "^EAFNOSUPPORT$",
        machine=X86,
    ),
    Probe(
        "a new route",
        "ip route add default dev lo || ip link add d0 type dummy || python3 dial.py AF_INET SOCK_STREAM 10.0.0.1 80",
        "not permitted|ENETUNREACH|Operation not",
    ),
    Probe(
        "the network of the host", "cat /proc/net/route; tail -n +3 /proc/net/dev", r"lo:", never=r"eth|ens|veth|wlan"
    ),
]

CALLS = [
    call("unshare (a new user namespace)", 272, 0x10000000),
    call("clone (a new user namespace)", 56, 0x10000011, 0, 0, 0, 0),
    call("clone (a new network namespace)", 56, 0x40000011, 0, 0, 0, 0),
    call("clone3", 435, 0, 0, expected="^ENOSYS$"),
    call("setns", 308, 0, 0),
    call("mount", 165, 0, 0, 0, 0, 0),
    call("umount2", 166, 0, 2),
    call("pivot_root", 155, 0, 0),
    call("chroot", 161, 0),
    call("fsopen", 430, 0, 0),
    call("open_tree", 428, -100, 0, 1),
    call("move_mount", 429, 0, 0, 0, 0, 0),
    call("mount_setattr", 442, 0, 0, 0, 0, 0),
    call("ptrace (pid 1)", 101, 16, 1, 0, 0),
    call("process_vm_readv", 310, 1, 0, 0, 0, 0, 0),
    call("pidfd_getfd", 438, 0, 0, 0),
    call("kcmp", 312, 1, 1, 0, 0, 0),
    call("open_by_handle_at", 304, -100, 0, 0),
    call("name_to_handle_at", 303, -100, 0, 0, 0, 0),
    call("bpf", 321, 0, 0, 0),
    call("perf_event_open", 298, 0, 0, 0, 0, 0),
    call("userfaultfd", 323, 0),
    call("keyctl", 250, 0, 0, 0, 0, 0),
    call("add_key", 248, 0, 0, 0, 0, 0),
    call("request_key", 249, 0, 0, 0, 0),
    call("io_uring_setup", 425, 1, 0, expected="^ENOSYS$"),
    call("memfd_create", 319, 0, 0, expected="^ENOSYS$"),
    call("memfd_secret", 447, 0, expected="^ENOSYS$"),
    call("shmget", 29, 0, 4096, 0o1600),
    call("msgget", 68, 0, 0o1600),
    call("semget", 64, 0, 1, 0o1600),
    call("fanotify_init", 300, 0, 0),
    call("init_module", 175, 0, 0, 0),
    call("finit_module", 313, 0, 0, 0),
    call("kexec_load", 246, 0, 0, 0, 0),
    call("reboot", 169, 0xFEE1DEAD, 672274793, 0, 0),
    call("swapon", 167, 0, 0),
    call("syslog", 103, 10, 0, 0),
    call("settimeofday", 164, 0, 0),
    call("clock_settime", 227, 0, 0),
    call("sethostname", 170, 0, 0),
    call("iopl", 172, 3),
    call("acct", 163, 0),
    call("quotactl", 179, 0, 0, 0, 0),
    call("vmsplice", 278, 0, 0, 0, 0),
    call("personality (no address randomisation)", 135, 0x0040000, expected="^(ENOSYS|EPERM)$"),
    call("sched_setaffinity (all cores)", 203, 0, 8, 0),
    call("sched_setscheduler (real time)", 144, 0, 1, 0),
    call("a number that no kernel has yet", 900, expected="^ENOSYS$"),
    call("getpid of the x32 interface", 0x40000000 + 39, expected="^ENOSYS$"),
    call("ioctl TIOCSTI", 16, 0, 0x5412, 0),
    call("ioctl TIOCSTI with a word's upper half", 16, 0, 0x700005412, 0),
    call("ioctl TIOCLINUX", 16, 0, 0x541C, 0),
    Probe("a system call of 32 bits", "python3 int80.py", r"^-38$", machine=X86),
]

RIGHTS = [
    Probe("capabilities", "grep Cap /proc/self/status", r"(?:Cap\w+:\s+0{16}\s*){5}"),
    Probe(
        "new privileges and filters",
        "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status",
        r"NoNewPrivs:\s+1\s+Seccomp:\s+2",
    ),
    Probe(
        "a shell with the set-user bit",
        "cp /bin/bash /tmp/b && chmod 4755 /tmp/b && /tmp/b -p -c 'id -u; id -ru'",
        r"\A1000\s+1000\Z",
    ),
    Probe(
        "becoming root",
        "su -c id root </dev/null; python3 -c 'import os; os.setuid(0)'",
        "not permitted|Invalid argument",
        never=r"uid=0",
    ),
    Probe("a file given to root", "touch /tmp/f; chown 0:0 /tmp/f", "Invalid argument|not permitted"),
    Probe("a user namespace by its tool", "unshare -Ur id", DENIED, never=r"uid=0"),
    Probe("entering the namespaces of pid 1", "nsenter -t 1 -a id", DENIED, never=r"uid="),
    Probe("mounting by its tool", "mount -t tmpfs none /tmp", DENIED + "|must be superuser"),
    Probe("killing pid 1", "kill -9 1; kill -TERM 1; kill -0 1 && echo alive", "alive"),
    Probe(
        "higher limits", "ulimit -n 100000; ulimit -u 5000; ulimit -c unlimited; true", r"(?:not permitted[\s\S]*){3}"
    ),
    Probe("a better priority", "nice -n -5 true; renice -n -5 $$", r"Permission denied|cannot set niceness"),
    Probe(
        "being spared when memory runs out",
        "echo -1000 > /proc/self/oom_score_adj; cat /proc/self/oom_score_adj",
        r"Permission denied[\s\S]*800",
    ),
    Probe(
        "the kernel's switches",
        "for at in core_pattern hostname randomize_va_space; do echo 0 > /proc/sys/kernel/$at; done; "
        "echo 1 > /proc/sys/vm/drop_caches; true",
        r"(?:(?:Permission denied|Read-only)[\s\S]*){4}",
    ),
    Probe("the kernel's log", "dmesg", DENIED),
    Probe("core dumps", "ulimit -c", r"^0$"),
    Probe("a terminal to type into", "echo x > /dev/tty", "No such device"),
    Probe(
        "leftover capabilities of programs",
        "getcap -r /usr 2>/dev/null; ping -c1 -W1 127.0.0.1 || echo none",
        "none|not permitted",
    ),
]

SPACE = [
    Probe(
        "filling the workspace",
        "head -c 300M /dev/zero > /workspace/big; ls -l /workspace/big; rm /workspace/big",
        "No space left|File too large",
    ),
    Probe(
        "filling with many files",
        "mkdir m; for i in $(seq 40); do head -c 10M /dev/zero > m/$i || break; done; rm -r m",
        "No space left",
    ),
    Probe("filling the home folder", "head -c 100M /dev/zero > ~/big; rm ~/big", "No space left"),
    Probe(
        "filling the shared memory's folder", "head -c 100M /dev/zero > /dev/shm/big; rm /dev/shm/big", "No space left"
    ),
    Probe("filling the folder of sockets", "head -c 2M /dev/zero > /run/big; rm /run/big", "No space left"),
    Probe(
        "a file of a terabyte",
        "truncate -s 1T /workspace/t; rm -f /workspace/t",
        "File too large|File size limit exceeded",
    ),
    Probe("more than 64 processes", "python3 forks.py", "Resource temporarily unavailable True"),
    Probe("more than 256 open files", "python3 opens.py", "Too many open files True"),
    Probe("more than 8 GB of addresses", 'python3 -c "import mmap; mmap.mmap(-1, 9 << 30)"', "Cannot allocate memory"),
    Probe("locked memory", "python3 locks.py", r"^-1$"),
    Probe("more than one core", 'python3 -c "import os; print(len(os.sched_getaffinity(0)))"; nproc', r"\d"),
]

ALL = [*FILES, *NETWORK, *CALLS, *RIGHTS, *SPACE]

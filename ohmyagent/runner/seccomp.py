"""The system calls that an agent may make, as two programs for bubblewrap; `python -m ohmyagent.runner.seccomp DIR`.

The first is an allowlist in the manner of the OCI default profile: what is not on it and not refused by name does not
exist (ENOSYS), so that calls of newer kernels stay closed and programs fall back.  The second refuses arguments of
calls that are allowed.  The kernel takes the stricter answer of the two.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from importlib import import_module
from typing import Any

ALLOWED = """
accept accept4 access alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_getres clock_gettime
clock_nanosleep clone close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group
faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr
flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue futex_wait futex_waitv
futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups
getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage
getsid getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1
inotify_rm_watch ioctl ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self
lchown lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek lsetxattr lstat madvise map_shadow_stack
membarrier mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall
munmap nanosleep
newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll
ppoll prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pwrite64 pwritev pwritev2 read readahead
readlink readlinkat readv recvfrom recvmmsg recvmsg removexattr rename renameat renameat2 restart_syscall rmdir rseq
rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_yield seccomp select sendfile sendmmsg sendmsg sendto set_robust_list
set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setitimer setpgid setpriority setregid setresgid
setresuid setreuid setrlimit setsid setsockopt setuid setxattr shutdown sigaltstack signalfd signalfd4 socket
socketpair splice stat statfs statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill
truncate umask uname unlink unlinkat utime utimensat utimes vfork wait4 waitid write writev
""".split()  # noqa: SIM905

# Known calls that answer "not permitted": programs expect that of them, and it tells a curious agent the truth.
REFUSED = """
_sysctl acct add_key adjtimex bpf chroot clock_adjtime clock_settime create_module delete_module fanotify_init
fanotify_mark finit_module fsconfig fsmount fsopen fspick get_kernel_syms get_mempolicy init_module ioperm iopl kcmp
kexec_file_load kexec_load keyctl lookup_dcookie mbind migrate_pages mount mount_setattr move_mount
move_pages mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd
name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root
process_madvise process_vm_readv process_vm_writev ptrace query_module quotactl quotactl_fd reboot remap_file_pages
request_key sched_setaffinity sched_setattr sched_setparam sched_setscheduler semctl semget semop semtimedop
set_mempolicy set_mempolicy_home_node setdomainname sethostname setns settimeofday shmat shmctl shmdt shmget swapoff
swapon sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup vmsplice
""".split()  # noqa: SIM905

# CLONE_NEW* of linux/sched.h that clone takes; clone3 and unshare are closed altogether
NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
# an argument is an int to the kernel but 64 bits wide to the filter: compare the lower half only
INT = 0xFFFFFFFF
TERMINAL_INJECTIONS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, INT)
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
SOCKET_TYPE = 0xF
SENDING = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
"""Call → which of its arguments holds the flags."""
TO_DEVICE = (25, 62)  # SO_BINDTODEVICE, SO_BINDTOIFINDEX
RAW_TYPES = (socket.SOCK_RAW, 10)  # 10: SOCK_PACKET, obsolete and still there


def allowing() -> Any:
    """The allowlist, as a filter of libseccomp for this machine's architecture."""
    lib = import_module("pyseccomp")
    rules = lib.SyscallFilter(lib.ERRNO(errno.ENOSYS))
    rules.set_attr(lib.Attr.ACT_BADARCH, lib.ERRNO(errno.ENOSYS))
    unknown = [call for call in ALLOWED + REFUSED if lib.resolve_syscall(lib.Arch.NATIVE, call) == -1]
    for action, calls in ((lib.ALLOW, ALLOWED), (lib.ERRNO(errno.EPERM), REFUSED)):
        for call in calls:
            if call not in unknown:
                rules.add_rule(action, call)
    for kind in PERSONALITIES:
        rules.add_rule(lib.ALLOW, "personality", lib.Arg(0, lib.EQ, kind))
    return rules


def refusing() -> Any:
    """What is refused of the calls that the allowlist lets through."""
    lib = import_module("pyseccomp")
    not_permitted, no_family = lib.ERRNO(errno.EPERM), lib.ERRNO(errno.EAFNOSUPPORT)
    rules = lib.SyscallFilter(lib.ALLOW)
    rules.set_attr(lib.Attr.ACT_BADARCH, lib.ERRNO(errno.ENOSYS))
    for request in TERMINAL_INJECTIONS:
        rules.add_rule(not_permitted, "ioctl", lib.Arg(1, lib.MASKED_EQ, INT, request))
    for namespace in NEW_NAMESPACES:
        rules.add_rule(not_permitted, "clone", lib.Arg(0, lib.MASKED_EQ, namespace, namespace))
    for family in range(max(FAMILIES)):
        if family not in FAMILIES:
            rules.add_rule(no_family, "socket", lib.Arg(0, lib.EQ, family))
    rules.add_rule(no_family, "socket", lib.Arg(0, lib.GT, int(max(FAMILIES))))
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in RAW_TYPES:
            raw = lib.Arg(1, lib.MASKED_EQ, SOCKET_TYPE, int(kind))
            rules.add_rule(not_permitted, "socket", lib.Arg(0, lib.EQ, int(family)), raw)
    return rules


def offline() -> Any:
    """No internet sockets at all, for an agent in a network that is not its own."""
    lib = import_module("pyseccomp")
    rules = _permissive(lib)
    for family in (socket.AF_INET, socket.AF_INET6):
        rules.add_rule(lib.ERRNO(errno.EAFNOSUPPORT), "socket", lib.Arg(0, lib.MASKED_EQ, INT, int(family)))
    return rules


def tcp() -> Any:
    """Only plain TCP over IPv4: other protocols, and connecting by sending, would pass by what holds TCP to a port."""
    lib = import_module("pyseccomp")
    not_permitted, no_family = lib.ERRNO(errno.EPERM), lib.ERRNO(errno.EAFNOSUPPORT)
    rules = _permissive(lib)
    internet = lib.Arg(0, lib.MASKED_EQ, INT, int(socket.AF_INET))
    rules.add_rule(no_family, "socket", lib.Arg(0, lib.MASKED_EQ, INT, int(socket.AF_INET6)))
    for kind in range(SOCKET_TYPE + 1):
        if kind != socket.SOCK_STREAM:
            rules.add_rule(not_permitted, "socket", internet, lib.Arg(1, lib.MASKED_EQ, SOCKET_TYPE, kind))
    for protocol in range(1, socket.IPPROTO_TCP):
        rules.add_rule(not_permitted, "socket", internet, lib.Arg(2, lib.MASKED_EQ, INT, protocol))
    rules.add_rule(not_permitted, "socket", internet, lib.Arg(2, lib.GT, int(socket.IPPROTO_TCP)))
    for call, flags in SENDING.items():
        fast_open = int(socket.MSG_FASTOPEN)
        rules.add_rule(not_permitted, call, lib.Arg(flags, lib.MASKED_EQ, fast_open, fast_open))
    for option in TO_DEVICE:
        level = lib.Arg(1, lib.MASKED_EQ, INT, int(socket.SOL_SOCKET))
        rules.add_rule(not_permitted, "setsockopt", level, lib.Arg(2, lib.MASKED_EQ, INT, option))
    return rules


def loopback() -> Any:
    """Sockets that `tcp` lets through are made by whoever listens to this program; see kernel.answer_socket."""
    lib = import_module("pyseccomp")
    rules = _permissive(lib)
    rules.add_rule(lib.NOTIFY, "socket", lib.Arg(0, lib.MASKED_EQ, INT, int(socket.AF_INET)))
    return rules


def _permissive(lib: Any) -> Any:
    rules = lib.SyscallFilter(lib.ALLOW)
    rules.set_attr(lib.Attr.ACT_BADARCH, lib.ERRNO(errno.ENOSYS))
    return rules


def build(folder: str) -> list[str]:
    """Write the programs for every agent as `<name>.bpf` into `folder`; their paths.

    Raises ImportError without pyseccomp, and RuntimeError without the C library libseccomp.
    """
    return [_written(folder, "allow", allowing()), _written(folder, "refuse", refusing())]


def build_restricted(folder: str) -> list[str]:
    """Write the programs that stand in for a network namespace, as `build` does: offline, tcp, loopback."""
    programs = {"offline": offline, "tcp": tcp, "loopback": loopback}
    return [_written(folder, name, rules()) for name, rules in programs.items()]


def _written(folder: str, name: str, rules: Any) -> str:
    path = os.path.join(folder, f"{name}.bpf")
    with open(path, "wb") as file:
        rules.export_bpf(file)
    return path


if __name__ == "__main__":
    for written in build(sys.argv[1]):
        sys.stdout.write(f"{written}\n")

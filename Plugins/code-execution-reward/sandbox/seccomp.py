"""A system call filter, set by the process that it binds: what is not named here does not work, whatever the kernel will learn.

The code may compute, read files, and write to what is open. It may not start processes, send signals to others, open files for
writing, make, change or remove files, use the network, trace, mount, raise its limits, or change who it is.
"""

import ctypes
import errno
import os
import platform
import struct

#: Numbers by name: (x86_64, aarch64), from the kernel's headers; None where there is no such call.
_NUMBERS = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "preadv": (295, 69), "close": (3, 57), "close_range": (436, 436), "fstat": (5, 80), "stat": (4, None),
    "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233), "brk": (12, 214),
    "msync": (26, 227), "mincore": (27, 232), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137), "sigaltstack": (131, 132), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "epoll_create1": (291, 20), "epoll_create": (213, None), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "pipe": (22, None), "pipe2": (293, 59), "eventfd2": (290, 19), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "fcntl": (72, 25), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None), "getpgid": (121, 155),
    "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getgroups": (115, 158), "getresuid": (118, 148), "getresgid": (120, 150), "getrandom": (318, 278),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165),
    "getrlimit": (97, 163), "getpriority": (140, 141), "sysinfo": (99, 179), "uname": (63, 160), "umask": (95, 166),
    "futex": (202, 98), "futex_waitv": (449, 449), "set_robust_list": (273, 99), "get_robust_list": (274, 100),
    "rseq": (334, 293), "set_tid_address": (218, 96), "arch_prctl": (158, None), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126), "exit": (60, 93),
    "exit_group": (231, 94), "restart_syscall": (219, 128), "membarrier": (324, 283), "alarm": (37, None),
    "setitimer": (38, 103), "getitimer": (36, 102), "pause": (34, None), "getcpu": (309, 168), "statfs": (137, 43),
    "fstatfs": (138, 44), "open": (2, None), "openat": (257, 56), "clone": (56, 220), "clone3": (435, 435),
    "openat2": (437, 437), "ioctl": (16, 29), "prlimit64": (302, 261), "tgkill": (234, 131), "kill": (62, 129),
    "prctl": (157, 167),
}

#: Calls that are looked at more closely below; all others in the table are allowed as they are.
_GUARDED = ("open", "openat", "clone", "clone3", "openat2", "ioctl", "prlimit64", "tgkill", "kill", "prctl", "fcntl")

#: Column of the table, and AUDIT_ARCH_... of <linux/audit.h>.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000

_LOAD, _JUMP_EQUAL, _JUMP_NOT_BELOW, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

# Offsets in struct seccomp_data.
_NUMBER, _ARCHITECTURE = 0, 4


def _argument(index, high=False):
    return 16 + 8 * index + (4 if high else 0)


class Unavailable(Exception):
    """There is no filter for this machine, or the kernel takes none."""


class _Program:
    """Filter instructions, as bytes of struct sock_filter."""

    def __init__(self):
        self.code = []

    def add(self, code, value, true=0, false=0):
        self.code.append(struct.pack("=HBBI", code, true, false, value & 0xFFFFFFFF))

    def answer(self, value):
        self.add(_RETURN, value)

    def when(self, number, body):
        """Runs `body`, which must answer, for one system call."""
        inner = _Program()
        body(inner)
        # A jump reaches 255 instructions, and no body has more than a few.
        self.add(_JUMP_EQUAL, number, 0, len(inner.code))
        self.code += inner.code
        self.add(_LOAD, _NUMBER)

    def allow_if_equal(self, argument, value, otherwise):
        """Allows the call where the whole 64-bit argument has a value."""
        self.add(_LOAD, _argument(argument, high=True))
        self.add(_JUMP_EQUAL, value >> 32, 0, 3)
        self.add(_LOAD, _argument(argument))
        self.add(_JUMP_EQUAL, value, 0, 1)
        self.answer(_ALLOW)
        self.answer(_ERRNO | otherwise)

    def refuse_bits(self, argument, bits, error):
        """Allows the call where the argument has none of the bits."""
        self.add(_LOAD, _argument(argument))
        self.add(_JUMP_BITS, bits, 1, 0)
        self.answer(_ALLOW)
        self.answer(_ERRNO | error)


def _filter(process):
    machine = platform.machine()
    if machine not in _MACHINES:
        raise Unavailable("there is no system call filter for %s, only for %s" % (machine, " and ".join(_MACHINES)))
    column, architecture = _MACHINES[machine]
    numbers = {name: pair[column] for name, pair in _NUMBERS.items() if pair[column] is not None}
    program = _Program()
    program.add(_LOAD, _ARCHITECTURE)
    program.add(_JUMP_EQUAL, architecture, 1, 0)
    program.answer(_KILL)
    program.add(_LOAD, _NUMBER)
    if machine == "x86_64":
        # The x32 calls have numbers of their own.
        program.add(_JUMP_NOT_BELOW, 0x40000000, 0, 1)
        program.answer(_KILL)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

    def clone(p):
        # A thread shares the process; anything else would be another process.
        p.add(_LOAD, _argument(0))
        p.add(_JUMP_BITS, 0x10000, 0, 1)
        p.answer(_ALLOW)
        p.answer(_ERRNO | errno.EPERM)

    def prctl(p):
        # Names of threads and of memory, which glibc and Python set.
        p.add(_LOAD, _argument(0))
        for option in (15, 16, 0x53564D41):
            p.add(_JUMP_EQUAL, option, 0, 1)
            p.answer(_ALLOW)
        p.answer(_ERRNO | errno.EPERM)

    def fcntl(p):
        # Descriptors' numbers and flags. With F_SETOWN and F_SETSIG a pipe would send signals to anybody.
        p.add(_LOAD, _argument(1))
        for command in (0, 1, 2, 3, 4, 5, 1030, 1032):
            p.add(_JUMP_EQUAL, command, 0, 1)
            p.answer(_ALLOW)
        p.answer(_ERRNO | errno.EPERM)

    def prlimit(p):
        # Its own limits may be read: process 0, no new limit.
        p.add(_LOAD, _argument(0))
        p.add(_JUMP_EQUAL, 0, 1, 0)
        p.answer(_ERRNO | errno.EPERM)
        p.allow_if_equal(2, 0, errno.EPERM)

    def own_process(p):
        p.add(_LOAD, _argument(0))
        p.add(_JUMP_EQUAL, process, 0, 1)
        p.answer(_ALLOW)
        p.answer(_ERRNO | errno.EPERM)

    guards = {
        "open": lambda p: p.refuse_bits(1, writing, errno.EACCES),
        "openat": lambda p: p.refuse_bits(2, writing, errno.EACCES),
        # Arguments behind a pointer cannot be looked at; callers fall back to the older call.
        "clone3": lambda p: p.answer(_ERRNO | errno.ENOSYS),
        "openat2": lambda p: p.answer(_ERRNO | errno.ENOSYS),
        "ioctl": lambda p: p.answer(_ERRNO | errno.ENOTTY),
        "clone": clone,
        "prctl": prctl,
        "prlimit64": prlimit,
        "tgkill": own_process,
        "kill": own_process,
        "fcntl": fcntl,
    }
    for name in _GUARDED:
        if name in numbers:
            program.when(numbers[name], guards[name])
    for name, number in numbers.items():
        if name not in _GUARDED:
            program.add(_JUMP_EQUAL, number, 0, 1)
            program.answer(_ALLOW)
    program.answer(_ERRNO | errno.EPERM)
    return program.code


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def confine():
    """Binds this process to the filter, for good. It must have one thread.

    Raises Unavailable where that cannot be.
    """
    instructions = _filter(os.getpid())
    buffer = ctypes.create_string_buffer(b"".join(instructions), 8 * len(instructions))
    program = _FilterProgram(len(instructions), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    # Root has rights beyond what calls show: _LINUX_CAPABILITY_VERSION_3, this process, none effective, permitted, inheritable.
    if libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)) != 0:
        raise Unavailable("capabilities cannot be given up: %s" % os.strerror(ctypes.get_errno()))
    # PR_SET_NO_NEW_PRIVS: no program gives rights back. Then PR_SET_SECCOMP with SECCOMP_MODE_FILTER.
    for arguments in ((38, 1, 0, 0, 0), (22, 2, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            code = ctypes.get_errno()
            raise Unavailable("the kernel takes no system call filter: %s" % os.strerror(code))

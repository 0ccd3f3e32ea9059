"""The system calls that a media child gives up: names, and their numbers on each architecture.

Numbers are those of Linux' `asm/unistd_64.h` for x86_64 and `asm-generic/unistd.h` for aarch64; None: there is no such
call. What only root in the first user namespace may do is left out, as a child is never that.
"""

from typing import Final, NamedTuple


class Numbers(NamedTuple):
    """One call on each architecture."""

    x86_64: int | None
    aarch64: int | None


_SOCKETS: Final = {
    "socket": Numbers(41, 198),
    "socketpair": Numbers(53, 199),
    "connect": Numbers(42, 203),
    "bind": Numbers(49, 200),
    "listen": Numbers(50, 201),
    "accept": Numbers(43, 202),
    "accept4": Numbers(288, 242),
    "sendto": Numbers(44, 206),
    "sendmsg": Numbers(46, 211),
    "sendmmsg": Numbers(307, 269),
    "recvfrom": Numbers(45, 207),
    "recvmsg": Numbers(47, 212),
    "recvmmsg": Numbers(299, 243),
}

_PROGRAMS: Final = {
    "execve": Numbers(59, 221),
    "execveat": Numbers(322, 281),
    "fork": Numbers(57, None),
    "vfork": Numbers(58, None),
    "unshare": Numbers(272, 97),
    "setns": Numbers(308, 268),
}

_OTHER_PROCESSES: Final = {
    "ptrace": Numbers(101, 117),
    "process_vm_readv": Numbers(310, 270),
    "process_vm_writev": Numbers(311, 271),
    "process_madvise": Numbers(440, 440),
    "process_mrelease": Numbers(448, 448),
    "kcmp": Numbers(312, 272),
    "pidfd_open": Numbers(434, 434),
    "pidfd_getfd": Numbers(438, 438),
    "pidfd_send_signal": Numbers(424, 424),
    "tkill": Numbers(200, 130),
    "rt_sigqueueinfo": Numbers(129, 138),
    "rt_tgsigqueueinfo": Numbers(297, 240),
    "setpriority": Numbers(141, 140),
    "sched_setscheduler": Numbers(144, 119),
    "sched_setparam": Numbers(142, 118),
    "sched_setattr": Numbers(314, 274),
    "ioprio_set": Numbers(251, 30),
    "migrate_pages": Numbers(256, 238),
    "move_pages": Numbers(279, 239),
    "shmget": Numbers(29, 194),
    "shmat": Numbers(30, 196),
    "msgget": Numbers(68, 186),
    "semget": Numbers(64, 190),
    "mq_open": Numbers(240, 180),
}

_FILES: Final = {
    "unlink": Numbers(87, None),
    "unlinkat": Numbers(263, 35),
    "rename": Numbers(82, None),
    "renameat": Numbers(264, 38),
    "renameat2": Numbers(316, 276),
    "link": Numbers(86, None),
    "linkat": Numbers(265, 37),
    "symlink": Numbers(88, None),
    "symlinkat": Numbers(266, 36),
    "mkdir": Numbers(83, None),
    "mkdirat": Numbers(258, 34),
    "rmdir": Numbers(84, None),
    "mknod": Numbers(133, None),
    "mknodat": Numbers(259, 33),
    "chmod": Numbers(90, None),
    "fchmod": Numbers(91, 52),
    "fchmodat": Numbers(268, 53),
    "fchmodat2": Numbers(452, 452),
    "chown": Numbers(92, None),
    "fchown": Numbers(93, 55),
    "lchown": Numbers(94, None),
    "fchownat": Numbers(260, 54),
    "truncate": Numbers(76, 45),
    "setxattr": Numbers(188, 5),
    "lsetxattr": Numbers(189, 6),
    "fsetxattr": Numbers(190, 7),
    "utime": Numbers(132, None),
    "utimes": Numbers(235, None),
    "utimensat": Numbers(280, 88),
    "futimesat": Numbers(261, None),
    "open_by_handle_at": Numbers(304, 265),
}

_KERNEL: Final = {
    "io_uring_setup": Numbers(425, 425),
    "io_uring_enter": Numbers(426, 426),
    "io_uring_register": Numbers(427, 427),
    "bpf": Numbers(321, 280),
    "perf_event_open": Numbers(298, 241),
    "userfaultfd": Numbers(323, 282),
    "keyctl": Numbers(250, 219),
    "add_key": Numbers(248, 217),
    "request_key": Numbers(249, 218),
    "fanotify_init": Numbers(300, 262),
    "mount": Numbers(165, 40),
    "umount2": Numbers(166, 39),
    "pivot_root": Numbers(155, 41),
    "chroot": Numbers(161, 51),
    "move_mount": Numbers(429, 429),
    "open_tree": Numbers(428, 428),
    "fsopen": Numbers(430, 430),
    "fsconfig": Numbers(431, 431),
    "fsmount": Numbers(432, 432),
    "fspick": Numbers(433, 433),
    "mount_setattr": Numbers(442, 442),
    "personality": Numbers(135, 92),
    "iopl": Numbers(172, None),
    "ioperm": Numbers(173, None),
    "modify_ldt": Numbers(154, None),
}

GIVEN_UP: Final = {**_SOCKETS, **_PROGRAMS, **_OTHER_PROCESSES, **_FILES, **_KERNEL}
"""Never allowed."""

TO_ITSELF: Final = {"kill": Numbers(62, 129), "tgkill": Numbers(234, 131)}
"""Allowed with the child's own process as first argument: that is how a library ends its own process."""

ABOUT_ITSELF: Final = {"prlimit64": Numbers(302, 261)}
"""Allowed with 0 as first argument, which is the calling process."""

THREADS_ALONE: Final = {"clone": Numbers(56, 220)}
"""Allowed with `CLONE_THREAD` among the flags, its first argument."""

UNKNOWN: Final = {"clone3": Numbers(435, 435)}
"""Answered as by a kernel that does not know it: its flags cannot be looked at, and libraries fall back to `clone`."""

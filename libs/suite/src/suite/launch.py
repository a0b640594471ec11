"""Becomes another program that dies with its parent and, where asked, is not root.

Run by path, never imported by a service: `python -I -S launch.py MODE SIGNAL PARENT_PID PROGRAM ARGUMENT...`.
A program of its own, because code between fork and exec of a process with threads (gRPC has them) may
deadlock. Keep it to what the standard library's core offers.

MODE is one of

* direct     only the tie to the parent
* mapped     a user namespace in which this user is called nobody: PostgreSQL refuses to run as root, or as
             a number without a name
* nobody     really that user, for where user namespaces are not permitted

SIGNAL is the number of the signal that the death of the parent sends.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOT_PERMITTED = 77  # EX_NOPERM


def nobody() -> int:
    """A user of this machine that is not root, by preference the one of no rights."""
    users = {user.pw_name: user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0}
    return users.get("nobody") or min(users.values(), default=65534)


def map_self(libc: ctypes.CDLL) -> None:
    user, group, name = os.getuid(), os.getgid(), nobody()
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.stderr.write("user namespaces are not permitted here\n")
        raise SystemExit(NOT_PERMITTED)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{name} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{name} {group} 1", encoding="ascii")


def main(mode: str, last: str, parent: str, program: str, *arguments: str) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            if mode == "mapped":
                map_self(libc)
            elif mode == "nobody":
                os.setgroups([])
                os.setgid(nobody())
                os.setuid(nobody())
        except OSError as refused:
            sys.stderr.write(f"{refused}\n")
            raise SystemExit(NOT_PERMITTED) from None
        # After every change of credentials: the kernel forgets the wish at each.
        libc.prctl(PR_SET_PDEATHSIG, int(last))
    if os.getppid() != int(parent):
        raise SystemExit(0)
    os.execv(program, [program, *arguments])  # noqa: S606  the caller's own program


if __name__ == "__main__":
    main(*sys.argv[1:])

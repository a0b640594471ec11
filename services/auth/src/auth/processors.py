"""How many processors this process may keep busy: by affinity, and by the quota of its control groups.

A container with a limit of one CPU on a machine with 64 sees all 64. Threads by that number would use up
the quota of each period at its beginning, and the event loop would stand still with them for the rest.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def usable(groups: Path = _GROUPS, own: Path = _OWN) -> int:
    """Whole processors, one at least.

    Args:
        groups: where control groups are mounted, version 1 or 2.
        own: which of them this process is in.
    """
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Rounded down: what is left of the quota is the event loop's.
    return max(1, int(min([seen, *_quotas(groups, own)])))


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """In processors, of every group from our own up; nothing where there is none to be read."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mounted, quota = groups, _second
        elif "cpu" in controllers.split(","):
            mounted, quota = groups / "cpu", _first
        else:
            continue
        # Inside a container the path may be the host's, where only the mounted root is ours.
        folder = mounted / path.lstrip("/")
        for each in (folder, *folder.parents):
            if each.is_relative_to(mounted) and (found := quota(each)) is not None:
                yield found


def _second(group: Path) -> float | None:
    match _words(group / "cpu.max"):
        case [quota, period] if quota != "max":
            return int(quota) / int(period)
    return None


def _first(group: Path) -> float | None:
    match _words(group / "cpu.cfs_quota_us"), _words(group / "cpu.cfs_period_us"):
        case [quota], [period] if int(quota) > 0:
            return int(quota) / int(period)
    return None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []

"""What named processes have spent and hold, with everything they started."""

from collections.abc import Mapping
from contextlib import suppress

import psutil

from suite import processes


def cpu(pids: Mapping[str, int]) -> dict[str, float]:
    """Seconds of processor time so far, by name; of those that ended, too, once they were buried."""
    return {name: sum(map(_spent, processes.family(pid))) for name, pid in pids.items()}


def resident(pids: Mapping[str, int]) -> int:
    """Bytes held by all of them together; what they share is counted for each."""
    return sum(_held(member) for pid in pids.values() for member in processes.family(pid))


def _spent(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        return float(times.user + times.system + ended)
    return 0.0


def _held(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0

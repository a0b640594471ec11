"""Every metric the services tell; docs/telemetry.md is made of it, and a test holds it against the code."""

from typing import Final

from suite.watch.inventory.behind import AUTH, TRIAGE
from suite.watch.inventory.edge import COMMON, GATEWAY

__all__ = ["AUTH", "COMMON", "GATEWAY", "METRICS", "PROCESS", "TRIAGE"]

METRICS: Final = (*COMMON, *GATEWAY, *AUTH, *TRIAGE)
PROCESS: Final = frozenset(
    {
        *("process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"),
        *("process_open_fds", "process_max_fds", "python_gc_collections_total", "up"),
    }
)
"""What the Prometheus client and Prometheus itself tell of every process, as far as it is used here."""

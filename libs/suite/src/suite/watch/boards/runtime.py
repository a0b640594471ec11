"""Processes: processor, memory, files, and what each still needs to be ready."""

from typing import Final

from suite.watch.panel import POD, RATE, Board, Panel, Query

BOARD: Final = Board(
    "runtime",
    "Runtime",
    "Each replica of the three services as a process.",
    (
        Panel(
            "Processor",
            "Cores in use. A gateway near 1 is full: one event loop has one core.",
            (Query(f"sum by (pod) (rate(process_cpu_seconds_total{{{POD}}}[{RATE}]))", "{{pod}}"),),
        ),
        Panel(
            "Memory",
            "Resident. Caches fill in the first hours; a line that never bends is a leak.",
            (Query(f"sum by (pod) (process_resident_memory_bytes{{{POD}}})", "{{pod}}"),),
            unit="bytes",
        ),
        Panel(
            "Open files",
            "Connections are files too. At 1 nothing can be accepted.",
            (Query(f"max by (pod) (process_open_fds{{{POD}}} / process_max_fds{{{POD}}})", "{{pod}}"),),
            unit="percentunit",
        ),
        Panel(
            "Up for",
            "A tooth is a restart.",
            (Query(f"max by (pod) (process_uptime_seconds{{{POD}}})", "{{pod}}"),),
            unit="s",
        ),
        Panel(
            "Not ready for want of",
            "1 for each need that is not met. `serving` during a drain is as it should be.",
            (Query(f"max by (pod, need) (1 - service_needs{{{POD}}})", "{{pod}} {{need}}"),),
            top=1,
        ),
        Panel(
            "Garbage collections",
            "Of the oldest generation. Many a second cost latency.",
            (
                Query(
                    f'sum by (pod) (rate(python_gc_collections_total{{{POD},generation="2"}}[{RATE}]))',
                    "{{pod}}",
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Certificate holds for",
            "Until each replica's certificate for gRPC ends; nothing where a mesh encrypts.",
            (Query(f"min by (pod) (tls_certificate_expiry_seconds{{{POD}}} - time())", "{{pod}}"),),
            unit="s",
            fault=True,
        ),
    ),
)

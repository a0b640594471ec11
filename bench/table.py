"""The one table: for a terminal and for a page."""

from collections.abc import Sequence

from bench.targets import Target
from bench.workload import Row

HEADS = ("", "CPU us", "beside", "x", "p50 ms", "p99 ms", "a second", "MB", "failed")


def _cells(row: Row) -> tuple[str, ...]:
    def told(value: float | None, digits: int) -> str:
        return "" if value is None else f"{value:,.{digits}f}"

    return (
        told(row.cpu_us, 0 if row.cpu_us >= 100 else 1),  # noqa: PLR2004  # three digits say enough
        told(row.stores_us, 0),
        told(row.times, 2),
        told(row.p50_ms, 2),
        told(row.p99_ms, 2),
        told(row.per_second, 0 if (row.per_second or 0) >= 100 else 1),  # noqa: PLR2004  # as above
        told(row.resident_mb, 0),
        f"{row.failed}" if row.done else "",
    )


def text(rows: Sequence[Row], targets: Sequence[Target]) -> str:
    lines, topic = [f"{HEADS[0]:44}" + "".join(f"{head:>10}" for head in HEADS[1:])], ""
    for row in rows:
        if row.topic != topic:
            topic = row.topic
            lines += ["", topic.upper()]
        mark = "*" if row.ours else " "
        lines.append(f"{mark} {row.name:42}" + "".join(f"{cell:>10}" for cell in _cells(row)))
        if row.note:
            lines.append(f"      {row.note}")
    lines += ["", f"{'':56}{'seen':>10}   wanted"]
    for one in targets:
        lines.append(f"{one.name:56}{one.seen:10.2f}   {one.wanted}{'' if one.kept else '   MISSED'}")
    return "\n".join(lines)


def markdown(rows: Sequence[Row], targets: Sequence[Target]) -> str:
    lines, topic = list[str](), ""
    for row in rows:
        if row.topic != topic:
            topic = row.topic
            lines += ["", f"**{topic.capitalize()}**", "", *_head(HEADS)]
        name = f"**{row.name}**" if row.ours else row.name
        lines.append("| " + " | ".join((name, *_cells(row))) + " |")
    notes = [f"- {row.topic}, {row.name}: {row.note}." for row in rows if row.note]
    lines += ["", *notes, "", "| target | seen | wanted | |", "|---|---:|---|---|"]
    lines += [
        f"| {one.name} | {one.seen:.2f} | {one.wanted} | {'kept' if one.kept else 'missed'} |"
        for one in targets
    ]
    return "\n".join(lines).strip()


def _head(names: Sequence[str]) -> list[str]:
    return ["| " + " | ".join(names) + " |", "|---|" + "---:|" * (len(names) - 1)]

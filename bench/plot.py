"""The same as a picture: processor time of each row, what is ours in colour, one panel for each topic."""

from collections.abc import Sequence
from html import escape

from bench.targets import BARE
from bench.workload import Row

LEFT, WIDTH, BAR, HEAD = 300, 860, 20, 34
COMPARED = {"floor", "decision", "proxied", "own routes", "sessions"}
OURS, OTHERS, INK, PALE = "#2563a8", "#b9bfc7", "#1f2933", "#667380"


def svg(rows: Sequence[Row]) -> str:
    """Bars are linear within a topic, from zero; shorter is better. A line marks the bare FastAPI route."""
    parts, at = [], 10
    bare = next((row.cpu_us for row in rows if row.name == BARE), 0.0)
    for topic in dict.fromkeys(row.topic for row in rows):
        chosen = [row for row in rows if row.topic == topic]
        most = max(row.cpu_us for row in chosen)
        top, scale = at + HEAD - 8, (WIDTH - LEFT - 150) / most
        parts.append(_text(10, at + 16, f"{topic}, CPU", weight="bold"))
        at += HEAD - 8
        for row in chosen:
            length = max(1.0, row.cpu_us * scale)
            parts.append(_text(LEFT - 8, at + 14, row.name, anchor="end"))
            colour = OURS if row.ours else OTHERS
            parts.append(
                f'<rect x="{LEFT}" y="{at + 2}" width="{length:.1f}" height="{BAR - 5}" fill="{colour}"/>'
            )
            told = _time(row.cpu_us) + (f"   x{row.times:.2f}" if row.times is not None else "")
            parts.append(_text(LEFT + length + 6, at + 14, told, colour=PALE))
            at += BAR
        if topic in COMPARED and bare < most:
            mark = LEFT + bare * scale
            parts.append(f'<path d="M{mark:.1f} {top}V{at}" stroke="{INK}" stroke-dasharray="3 2"/>')
        at += HEAD - 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{at}"'
        f' font-family="system-ui, sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{at}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _time(microseconds: float) -> str:
    if microseconds >= 10_000:  # noqa: PLR2004  # from ten milliseconds on
        return f"{microseconds / 1e3:,.0f} ms"
    return f"{microseconds:,.0f} us" if microseconds >= 100 else f"{microseconds:.1f} us"  # noqa: PLR2004  # three digits


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">'
        f"{escape(text)}</text>"
    )

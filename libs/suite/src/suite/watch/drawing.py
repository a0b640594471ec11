"""A dashboard's panels as one SVG: lines over time, the highest value beside the axis, a legend below."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from suite.watch.panel import Board, Panel

Line = Sequence[tuple[float, float]]
"""Times and values."""
Drawn = Mapping[str, Line]
"""By legend."""

_COLUMNS: Final = 3
_WIDTH, _HEIGHT = 380, 210
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 48, 34, 316, 120
_COLOURS: Final = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
_MOST_LINES: Final = len(_COLOURS)


def svg(board: Board, lines: Mapping[str, Drawn], began: float, ended: float) -> str:
    """All panels of a board, by their titles, over the same time."""
    rows = math.ceil(len(board.panels) / _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="12" y="26" font-size="17" font-weight="bold">{escape(board.title)}</text>',
    ]
    for number, panel in enumerate(board.panels):
        x, y = number % _COLUMNS * _WIDTH, 40 + number // _COLUMNS * _HEIGHT
        parts += [
            f'<g transform="translate({x} {y})">',
            *_panel(panel, lines[panel.title], began, ended),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, drawn: Drawn, began: float, ended: float) -> Sequence[str]:
    values = [value for line in drawn.values() for _, value in line]
    highest = max(max(values, default=0.0), panel.top or 0.0) or 1.0
    lowest = min(0.0, *values) if values else 0.0

    def place(point: tuple[float, float]) -> str:
        across = _LEFT + (point[0] - began) / (ended - began) * _PLOT_WIDTH
        up = _TOP + (1 - (point[1] - lowest) / (highest - lowest)) * _PLOT_HEIGHT
        return f"{across:.1f},{up:.1f}"

    bottom, right = _TOP + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH
    parts = [
        f'<text x="{_LEFT}" y="22" font-size="13">{escape(panel.title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" stroke="#999" fill="none"/>',
        f'<text x="{_LEFT - 4}" y="{_TOP + 8}" font-size="10" text-anchor="end">{_short(highest)}</text>',
        f'<text x="{_LEFT - 4}" y="{bottom}" font-size="10" text-anchor="end">{_short(lowest)}</text>',
        f'<text x="{right}" y="22" font-size="10" text-anchor="end" fill="#777">{panel.unit}</text>',
    ]
    if not values:
        middle = f'x="{_LEFT + _PLOT_WIDTH / 2}" y="{_TOP + _PLOT_HEIGHT / 2}" text-anchor="middle"'
        return [*parts, f'<text {middle} font-size="11" fill="#777">none</text>']
    for colour, (legend, line) in zip(_COLOURS, drawn.items(), strict=False):
        points = " ".join(map(place, line))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        at = list(drawn).index(legend)
        x, y = _LEFT + at % 2 * 160, bottom + 13 + at // 2 * 11
        parts.append(f'<text x="{x}" y="{y}" font-size="9" fill="{colour}">{escape(legend[:32])}</text>')
    if len(drawn) > _MOST_LINES:
        parts.append(f'<text x="{_LEFT}" y="{bottom + 57}" font-size="9">and more</text>')
    return parts


def _short(value: float) -> str:
    return f"{value:.3g}"

"""Draws the main numbers, one panel for each: python chart.py RESULTS.json PICTURE.svg"""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot

#: Title, scenario, number, what one of it is, and whether less is better.
PANELS = [
    ("Deliveries a second\n500 clients in 1 room", "one-room", "deliveries_s", 1, False),
    ("Deliveries a second\n500 clients in 5 rooms", "five-rooms", "deliveries_s", 1, False),
    ("Messages in, a second\n400 clients in 100 rooms", "many-rooms", "messages_s", 1, False),
    ("Connects and joins\na second", "joins", "joins_s", 1, False),
    ("p50 in ms, 10 messages/s\ninto a room of 100", "calm", "p50_ms", 1, True),
    ("KB of memory for an\nidle connection", "lost-5000", "bytes_connection", 1024, True),
]
NAMES = {
    "maru": "Maru",
    "limited": "Maru, limits on",
    "node": "Socket.IO on Node",
    "stock": "Flask-SocketIO",
    "nchan": "nginx with nchan",
    "channels": "Django Channels",
}
OURS, THEIRS, INK = "#3d5afe", "#b0b7c3", "#333842"


def draw(results: dict, picture: Path) -> None:
    mpl.rcParams |= {
        "svg.hashsalt": "maru", "font.size": 9, "text.color": INK, "axes.labelcolor": INK,
        "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": "#d0d5dd",
    }  # fmt: skip
    figure, axes = pyplot.subplots(2, 3, figsize=(11, 5.4), layout="constrained")
    for axis, panel in zip(axes.flat, PANELS, strict=True):
        _draw_panel(axis, results, *panel)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, metadata={"Date": None}, facecolor="white")


def _draw_panel(axis, results, title, scenario, number, unit, less_is_better) -> None:
    names = [name for name in NAMES if name in results]
    values = [(results[name].get(scenario, {}).get(number) or 0) / unit for name in names]
    colours = [OURS if name in ("maru", "limited") else THEIRS for name in names]
    bars = axis.barh([NAMES[name] for name in names], values, color=colours, height=0.65)
    axis.bar_label(bars, [_short(value) for value in values], padding=3)
    axis.set_title(title + (" (less is better)" if less_is_better else ""), fontsize=10, loc="left")
    axis.set_xlim(0, max([*values, 1e-9]) * 1.25)
    axis.invert_yaxis()
    axis.set_xticks([])
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(length=0)


def _short(value: float) -> str:
    return "–" if not value else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))

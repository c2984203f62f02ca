"""Labels beside dots that cover neither each other nor a dot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from ..style import GREY, INK

_DISTANCES_PT = (9.0, 16.0, 26.0, 38.0, 52.0, 68.0, 86.0, 106.0, 128.0, 152.0, 180.0)
_ANGLES = (0, 180, 45, 315, 135, 225, 90, 270, 20, 340, 160, 200, 65, 115, 245, 295)
_WITH_LINE_PT = 12.0
_ROOM_PX = 2.0


def place_labels(
    figure: Figure,
    axes: Axes,
    points: Sequence[tuple[float, float]],
    labels: Sequence[str],
    *,
    dot_points: float,
    upright_line: float | None = None,
) -> list[Annotation]:
    """Write a label beside each dot and return them; what is farther away has a thin line to its dot.

    The layout of the figure is fixed by this, so that nothing moves afterwards.

    Parameters
    ----------
    figure, axes : Figure and Axes
        Drawn but for the labels.
    points : sequence of (x, y)
        Dots, in the units of the axes.
    labels : sequence of str
        Their labels.
    dot_points : float
        Width of a dot.
    upright_line : float, optional
        Where a vertical line stands that labels should not cross if they can help it.
    """
    canvas: Any = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    renderer = canvas.get_renderer()
    pixels = figure.dpi / 72.0
    centres = axes.transData.transform(np.array(points, dtype=float))
    half = dot_points * pixels / 2.0 + _ROOM_PX
    taken = [Bbox([[x - half, y - half], [x + half, y + half]]) for x, y in centres]
    whole = Bbox.from_extents(*figure.bbox.extents)
    frame = axes.get_window_extent(renderer)
    line = []
    if upright_line is not None:
        at = axes.transData.transform((upright_line, 0.0))[0]
        line = [Bbox([[at - 1.0, frame.y0], [at + 1.0, frame.y1]])]
    written = []
    for (x, y), centre, label in zip(points, centres, labels, strict=True):
        note = axes.annotate(
            label, (x, y), (0, 0), textcoords="offset points", fontsize=9, color=INK, annotation_clip=False
        )
        box = note.get_window_extent(renderer)
        place = _free_place(centre, box.width, box.height, [*taken, *line], frame, pixels) or _free_place(
            centre, box.width, box.height, taken, whole, pixels
        )
        assert place is not None, f"there is no room for the label {label}"
        corner, distance = place
        offset = ((corner[0] - centre[0]) / pixels, (corner[1] - centre[1]) / pixels)
        note.remove()
        arrow = {"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkB": dot_points / 2.0}
        written.append(
            axes.annotate(
                label,
                (x, y),
                offset,
                textcoords="offset points",
                ha="left",
                va="bottom",
                fontsize=9,
                color=INK,
                annotation_clip=False,
                arrowprops=arrow if distance > _WITH_LINE_PT else None,
            )
        )
        taken.append(written[-1].get_window_extent(renderer).padded(_ROOM_PX))
    return written


def _free_place(
    centre: tuple[float, float],
    width: float,
    height: float,
    taken: Sequence[Bbox],
    frame: Bbox,
    pixels: float,
) -> tuple[tuple[float, float], float] | None:
    """Return the lower left corner of the nearest free place, and its distance in points."""
    for distance in _DISTANCES_PT:
        for degrees in _ANGLES:
            angle = math.radians(degrees)
            across, up = math.cos(angle), math.sin(angle)
            x = centre[0] + across * distance * pixels - (1.0 - across) / 2.0 * width
            y = centre[1] + up * distance * pixels - (1.0 - up) / 2.0 * height
            box = Bbox([[x, y], [x + width, y + height]]).padded(_ROOM_PX)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                return (x, y), distance
    return None

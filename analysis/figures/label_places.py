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
from numpy.typing import NDArray

from ..style import GREY, INK

_DISTANCES_PT = (9.0, 16.0, 26.0, 38.0, 52.0, 68.0, 86.0, 106.0, 128.0, 152.0, 180.0)
_ANGLES = (0, 180, 45, 315, 135, 225, 90, 270, 20, 340, 160, 200, 65, 115, 245, 295)
_WITH_LINE_PT = 12.0
_ROOM_PX = 2.0
_LINE: Any = {"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkA": 0.0}

Point = tuple[float, float]
Corners = NDArray[np.float64]
"""Shape (n, 2)."""


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
    centres = [(float(x), float(y)) for x, y in axes.transData.transform(np.array(points, dtype=float))]
    half = dot_points * pixels / 2.0 + _ROOM_PX
    taken = [Bbox([[x - half, y - half], [x + half, y + half]]) for x, y in centres]
    whole = Bbox.from_extents(*figure.bbox.extents)
    frame = axes.get_window_extent(renderer)
    written: list[Annotation] = []
    avoided = [] if upright_line is None else [_upright(axes, upright_line, frame)]
    for (x, y), centre, label in zip(points, centres, labels, strict=True):
        size = _size(axes, label, renderer)
        places = _places(centre, size, frame, pixels)
        corner = (
            _first_free(places, centre, size, [*taken, *avoided], taken)
            or _first_free(places, centre, size, taken, [])
            or _first_free(_grid(centre, size, frame), centre, size, taken, [])
            or _first_free(_grid(centre, size, whole), centre, size, taken, [])
        )
        assert corner is not None, f"there is no room for the label {label}"
        box = Bbox.from_bounds(*corner, *size)
        with_line = _gap(box, centre) > _WITH_LINE_PT * pixels
        written.append(
            axes.annotate(
                label,
                (x, y),
                ((corner[0] - centre[0]) / pixels, (corner[1] - centre[1]) / pixels),
                textcoords="offset points",
                ha="left",
                va="bottom",
                fontsize=9,
                color=INK,
                annotation_clip=False,
                arrowprops=_LINE | {"shrinkB": dot_points / 2.0} if with_line else None,
            )
        )
        taken.append(box.padded(_ROOM_PX))
        if with_line:
            avoided += [Bbox.from_bounds(*point, 1.0, 1.0) for point in _between(centre, box)]
    return written


def _size(axes: Axes, label: str, renderer: Any) -> tuple[float, float]:
    """Return width and height of a label in pixels."""
    text = axes.text(0.0, 0.0, label, fontsize=9)
    box = text.get_window_extent(renderer)
    text.remove()
    return box.width, box.height


def _upright(axes: Axes, at: float, frame: Bbox) -> Bbox:
    """Return the box of a vertical line."""
    x = axes.transData.transform((at, 0.0))[0]
    return Bbox.from_extents(x - 1.0, frame.y0, x + 1.0, frame.y1)


def _places(centre: Point, size: Point, frame: Bbox, pixels: float) -> Corners:
    """Return lower left corners around a dot, near ones first, of labels within the frame."""
    distance, degrees = np.meshgrid(np.array(_DISTANCES_PT) * pixels, _ANGLES, indexing="ij")
    across, up = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x = centre[0] + across * distance - (1.0 - across) / 2.0 * size[0]
    y = centre[1] + up * distance - (1.0 - up) / 2.0 * size[1]
    inside = (frame.x0 <= x) & (x + size[0] <= frame.x1) & (frame.y0 <= y) & (y + size[1] <= frame.y1)
    return np.column_stack([x[inside], y[inside]])


def _grid(centre: Point, size: Point, frame: Bbox) -> Corners:
    """Return lower left corners all over the frame, near ones first."""
    x, y = np.meshgrid(
        np.arange(frame.x0, frame.x1 - size[0], 8.0), np.arange(frame.y0, frame.y1 - size[1], 4.0)
    )
    far = np.hypot(x + size[0] / 2.0 - centre[0], y + size[1] / 2.0 - centre[1])
    order = np.argsort(far, axis=None, kind="stable")
    return np.column_stack([x.ravel()[order], y.ravel()[order]])


def _first_free(
    corners: Corners, centre: Point, size: Point, taken: Sequence[Bbox], not_crossed: Sequence[Bbox]
) -> Point | None:
    """Return the first corner of a label that covers nothing, and whose line to its dot crosses nothing."""
    low = corners[:, None, :] - _ROOM_PX
    high = low + np.array(size) + 2.0 * _ROOM_PX
    others = np.array([box.extents for box in taken])[None]
    covers = (low < others[..., 2:]).all(axis=2) & (high > others[..., :2]).all(axis=2)
    foreign = [box for box in not_crossed if not box.contains(*centre)]
    for x, y in corners[~covers.any(axis=1)].tolist():
        way = _between(centre, Bbox.from_bounds(x, y, *size))
        if not any(box.contains(*point) for box in foreign for point in way):
            return x, y
    return None


def _between(centre: Point, box: Bbox) -> list[Point]:
    """Return points on the way from a dot to the middle of a label, as far as its edge."""
    middle = ((box.x0 + box.x1) / 2.0, (box.y0 + box.y1) / 2.0)
    steps = (step / 24.0 for step in range(1, 24))
    way = [
        (centre[0] + part * (middle[0] - centre[0]), centre[1] + part * (middle[1] - centre[1]))
        for part in steps
    ]
    return [point for point in way if not box.contains(*point)]


def _gap(box: Bbox, point: Point) -> float:
    """Return the distance of a point from a box."""
    across = max(box.x0 - point[0], point[0] - box.x1, 0.0)
    return math.hypot(across, max(box.y0 - point[1], point[1] - box.y1, 0.0))

"""The HTML parts that a report is made of: sections, tables and drawn-in figures."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from types import ModuleType

from abm.recording import RunFolder

from . import style


def section(heading: str, *body: str) -> str:
    """Return a section with its heading."""
    return f"<section>\n<h2>{html.escape(heading)}</h2>\n" + "\n".join(body) + "\n</section>"


def subsection(heading: str, *body: str) -> str:
    """Return a part of a section with its heading."""
    return f"<h3>{html.escape(heading)}</h3>\n" + "\n".join(body)


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), name: str = ""
) -> str:
    """Return an HTML table; ``numbers`` are the columns set to the right, ``name`` a class for its style.

    It stands in a box of its own, so that a table wider than the page scrolls and the page does not.
    """

    def line(cells: Sequence[str], tag: str) -> str:
        opened = [f'<{tag} class="number">' if i in numbers else f"<{tag}>" for i in range(len(cells))]
        marked = (f"{start}{html.escape(cell)}</{tag}>" for start, cell in zip(opened, cells, strict=True))
        return f"<tr>{''.join(marked)}</tr>"

    body = "\n".join(line(cells, "td") for cells in rows)
    head = f"<thead>{line(header, 'th')}</thead>\n" if header else ""
    marked = f' class="{html.escape(name)}"' if name else ""
    return f'<div class="wide">\n<table{marked}>\n{head}<tbody>\n{body}\n</tbody>\n</table>\n</div>'


def figure(module: ModuleType, run: RunFolder) -> str:
    """Return a figure of a run, drawn into the page, with its caption."""
    image = base64.b64encode(style.to_svg(module.draw(run))).decode("ascii")
    title, caption = html.escape(module.TITLE), html.escape(module.CAPTION)
    return (
        f'<figure>\n<img alt="{title}: {caption}" src="data:image/svg+xml;base64,{image}">\n'
        f"<figcaption><strong>{title}.</strong> {caption}</figcaption>\n</figure>"
    )

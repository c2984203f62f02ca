"""The HTML parts that a report is made of: sections, tables and drawn-in figures."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from matplotlib.figure import Figure

from . import style

_CSS = """
:root { color-scheme: light dark;
        --ink: #222; --paper: #fff; --soft: #555; --line: #e4e4e4; --code: #f5f5f5; }
body { max-width: 54rem; margin: 2.5rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper);
       font: 16px/1.55 Georgia, 'Times New Roman', serif; }
h1, h2, h3, th, figcaption, code { font-family: system-ui, 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; }
h3 { font-size: 1rem; margin-top: 1.8rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; border-bottom: 2px solid #8a8a8a; font-weight: 600; }
td, th { padding: .35rem .9rem .35rem 0; vertical-align: top; overflow-wrap: anywhere; min-width: 3.5rem; }
td:last-child, th:last-child { padding-right: 0; }
td { border-bottom: 1px solid var(--line); } td.number, th.number { text-align: right; }
td.number { white-space: nowrap; } th.number { overflow-wrap: normal; }
figure { margin: 1.6rem 0; overflow-x: auto; } figure img { width: 100%; min-width: 34rem; height: auto; }
figcaption { font-size: .9rem; color: var(--soft); position: sticky; left: 0; }
code, pre { font: .88rem/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--code); padding: .8rem; white-space: pre-wrap; }
@media (max-width: 40rem) {
  .answers thead { display: none; } .answers tr, .answers td { display: block; }
  .answers tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  .answers td { border: 0; padding: 0; } .answers td:first-child { font-weight: 600; }
  .answers td:last-child { color: var(--soft); }
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #17191c; --soft: #aaa; --line: #3a3d42; --code: #24272b; }
  figure img { background: #fff; border-radius: 4px; }
}
""".strip()


def document(heading: str, title: str, lead: str, sections: Iterable[str], *, rules: str = "") -> str:
    """Return a page as one HTML document: heading, one line of plain text about it, sections.

    ``rules`` of its own stand behind the common style sheet.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(heading)}: {html.escape(title)}</title>\n"
        f"<style>\n{_CSS}{rules}\n</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(heading)}</h1>\n{paragraph(lead)}\n" + "\n".join(sections) + "\n</body>\n</html>\n"
    )


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


def figure(module: ModuleType, run: Any) -> str:
    """Return a figure of a run, drawn into the page, with its caption."""
    return drawn(module.TITLE, module.CAPTION, module.draw(run))


def drawn(title: str, caption: str, picture: Figure) -> str:
    """Return a figure drawn into the page, with its caption."""
    image = base64.b64encode(style.to_svg(picture)).decode("ascii")
    title, caption = html.escape(title), html.escape(caption)
    return (
        f'<figure>\n<img alt="{title}: {caption}" src="data:image/svg+xml;base64,{image}">\n'
        f"<figcaption><strong>{title}.</strong> {caption}</figcaption>\n</figure>"
    )

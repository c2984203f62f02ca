"""Draws the figure of docs/speculators.md: stylised facts of a year of the plain market.

Run from the repository root: ``.venv/bin/python docs/figures/make_stylised_facts_figure.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from abm import run
from analysis.figures import stylised_facts
from analysis.runs import load
from analysis.style import house_style

FIGURE = Path(__file__).with_name("stylised_facts.png")


def main() -> None:
    """Run the plain market and write the figure beside this script."""
    with tempfile.TemporaryDirectory() as folder:
        result = run("plain", out=Path(folder) / "run")
        assert result.folder is not None
        with house_style():
            stylised_facts.draw(load(result.folder)).savefig(FIGURE, dpi=110)


if __name__ == "__main__":
    main()

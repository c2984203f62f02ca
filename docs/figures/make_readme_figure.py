"""Draws the README's figure: one enterprise's bill in a demand explosion, with and without the hedge.

Run from the repository root: ``.venv/bin/python docs/figures/make_readme_figure.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from abm import run
from analysis.figures import bills
from analysis.runs import load

FIGURE = Path(__file__).with_name("demand_explosion_bill.png")


def main() -> None:
    """Run the scenario and write the figure beside this script."""
    with tempfile.TemporaryDirectory() as folder:
        result = run("demand_explosion", seed=7, out=Path(folder) / "run")
        assert result.folder is not None
        bills.draw(load(result.folder)).savefig(FIGURE, dpi=110)


if __name__ == "__main__":
    main()

"""Draws the figure of docs/clearing-reports.md: margin against losses in a plain demand explosion.

Run from the repository root: ``.venv/bin/python docs/figures/make_clearing_figure.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from abm import Scenario, run
from analysis.figures import coverage
from analysis.runs import load
from analysis.style import house_style

FIGURE = Path(__file__).with_name("clearing_coverage.png")
PLAIN_EXPLOSION = Path(__file__).parents[2] / "tests" / "plain_explosion.toml"


def main() -> None:
    """Run the scenario and write the figure beside this script."""
    scenario = Scenario.load(PLAIN_EXPLOSION).replace(
        {"run.days": 63, "calendar.rounds_per_day": 12, "clearing.margin.model": "ewma"}
    )
    with tempfile.TemporaryDirectory() as folder:
        result = run(scenario, seed=7, out=Path(folder) / "run")
        assert result.folder is not None
        with house_style():
            coverage.draw(load(result.folder)).savefig(FIGURE, dpi=110)


if __name__ == "__main__":
    main()

"""A sweep says what a hedge does across the seeds of each cell, beside what it does within each run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_market import finish

from abm.core.errors import ScenarioError
from abm.experiments import sweep
from abm.experiments.across import across_columns
from abm.recording import read_run
from abm.recording.across_paths import across_paths
from abm.scenario import Scenario

QUICK = {
    "calendar.rounds_per_day": 2,
    "calendar.days_per_month": 3,
    "contract.listed_months": 4,
    "agents.enterprises.count": 8,
    "agents.noise.count": 10,
}
STRIP = "agents.enterprises.programme.ratio"


def test_the_figures_of_a_cell_are_those_of_its_runs(tmp_path: Path) -> None:
    frame = sweep(
        Scenario().replace(QUICK | {"agents.enterprises.programme.rule": "strip"}),
        {STRIP: [0.2, 1.0]}, seeds=[3, 4], jobs=1, days=6, population_seed=1, out=tmp_path,
    )  # fmt: skip
    assert frame["error"].isna().all()
    assert frame["paths_across"].tolist() == [2] * 4
    runs = [read_run(folder) for folder in tmp_path.iterdir()]
    assert {run.manifest["population_seed"] for run in runs} == {1}
    for ratio, rows in frame.groupby(STRIP):
        terms = {run.path: Scenario.load(run.path / "scenario.toml") for run in runs}
        of_cell = [run for run in runs if terms[run.path].agents.enterprises.programme.ratio == ratio]
        cell = [run.tables["hedging"] for run in of_cell]
        assert sorted(run.manifest["seed"] for run in of_cell) == [3, 4]
        found = across_paths(cell)
        for name in ("volatility_reduction_across", "variance_reduction_across_monthly"):
            np.testing.assert_allclose(rows[name], getattr(found, name), rtol=1e-9)
            assert rows[name].notna().all()
        needs = [table.query("month == 0")["expected_need_msit"].tolist() for table in cell]
        assert needs[0] == needs[1]  # the same firms
    assert frame["volatility_reduction_across"].nunique() == 2
    assert {"volatility_reduction_within", "volatility_reduction_within_weighted"} <= set(frame)
    assert frame["volatility_reduction"].equals(frame["volatility_reduction_within"])  # its earlier name


def test_runs_without_bills_have_no_such_columns(tmp_path: Path) -> None:
    failed = [tmp_path / "failed", tmp_path / "failed too"]
    assert across_columns(failed, ["a", "a"]) == [{}, {}]


@pytest.mark.parametrize("seed", [-1, 2.5])
def test_a_population_seed_that_is_none_is_refused_before_anything_runs(seed) -> None:
    with pytest.raises(ScenarioError, match=rf"^run.population_seed: {seed} is not "):
        sweep("plain", {}, seeds=[1], jobs=1, population_seed=seed, run_function=finish)

"""A sweep makes every run of its design once, and loses nothing when one of them fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import toy_market

from abm.core.errors import ParameterError, ScenarioError
from abm.experiments import sweep
from abm.scenario import Scenario

MARGINS = {"clearing.margin.rate": [0.08, 0.12], "clearing.members": [2, 6]}


def test_every_cell_is_run_with_the_same_seeds() -> None:
    frame = sweep("baseline", MARGINS, seeds=[3, 5], jobs=1, run_function=toy_market.finish)
    assert list(frame.columns) == [*MARGINS, "seed", "margin_times_seed", "days", "state_hash", "error"]
    cells = frame[[*MARGINS, "seed"]].to_numpy().tolist()
    assert cells == [[rate, members, seed] for rate in (0.08, 0.12) for members in (2, 6) for seed in (3, 5)]
    assert (frame["margin_times_seed"] == frame["clearing.margin.rate"] * frame["seed"]).all()
    assert frame["error"].isna().all()


def test_several_processes_give_the_same_table_as_one() -> None:
    one, two = (
        sweep(Scenario(), MARGINS, seeds=[1, 2], jobs=jobs, run_function=toy_market.finish) for jobs in (1, 2)
    )
    assert one.equals(two)


def test_a_shorter_run_is_asked_for_by_days() -> None:
    frame = sweep("baseline", {}, seeds=[1], jobs=1, days=21, run_function=toy_market.finish)
    assert frame["days"].tolist() == [21.0]


def test_a_finished_run_is_read_and_not_repeated(tmp_path: Path) -> None:
    first = sweep("baseline", MARGINS, seeds=[1], jobs=1, out=tmp_path, run_function=toy_market.finish)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/manifest.json")}
    more = sweep("baseline", MARGINS, seeds=[1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert len(times) == 4
    assert len(list(tmp_path.iterdir())) == 8
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert more[more["seed"] == 1].reset_index(drop=True).equals(first)


def test_a_cell_that_occurs_twice_is_run_once(tmp_path: Path) -> None:
    frame = sweep(
        "baseline", {"run.days": [5, 5]}, seeds=[1], jobs=1, out=tmp_path, run_function=toy_market.finish
    )
    assert frame["error"].tolist() == [None, None]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_run_is_a_row_with_its_error_in_one_line(tmp_path: Path) -> None:
    frame = sweep(
        "baseline", {}, seeds=[0, 1, 2], jobs=1, out=tmp_path, run_function=toy_market.fail_on_seed_one
    )
    assert frame["error"].tolist() == [
        None,
        "seed: 1 is not to this market's taste",
        "ZeroDivisionError: a fault of ours",
    ]
    assert frame["state_hash"].tolist() == ["hash-of-seed-0", None, None]
    repaired = sweep("baseline", {}, seeds=[0, 1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert repaired["error"].isna().all()


def test_a_dead_process_costs_the_runs_in_flight_and_no_others() -> None:
    frame = sweep("baseline", {}, seeds=range(1, 7), jobs=2, run_function=toy_market.die_on_seed_one)
    lost = frame.loc[frame["error"].notna(), "seed"].tolist()
    assert 1 in lost
    assert len(lost) <= 2
    assert set(frame["error"].dropna()) == {"the worker process died"}
    assert frame["state_hash"].notna().sum() == 6 - len(lost)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_sweep_keeps_what_is_finished(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(
            "baseline",
            {},
            seeds=[0, 1],
            jobs=jobs,
            out=tmp_path,
            run_function=toy_market.interrupt_on_seed_one,
        )
    resumed = sweep("baseline", {}, seeds=[0, 1], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert resumed["error"].isna().all()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_that_leaves_no_manifest_is_an_error_of_its_row(tmp_path: Path) -> None:
    frame = sweep("baseline", {}, seeds=[1], jobs=1, out=tmp_path, run_function=lambda *_, **__: None)
    assert "not a manifest with metrics and state_hash (FileNotFoundError)" in frame["error"].item()


@pytest.mark.parametrize(
    ("vary", "options", "message"),
    [
        ({"clearing.margin.rate": [0.1, 2.0]}, {}, "clearing.margin.rate: 2.0 is not in [0.0001, 1]"),
        ({"run.seed": [1]}, {}, "vary: run.seed is not allowed (pass seeds)"),
        ({"run.days": []}, {}, "vary: run.days: [] is not a sequence of at least one value"),
        ({"exchange.engine": "compiled"}, {}, "'compiled' is not a sequence of at least one value"),
        ({}, {"seeds": []}, "seeds: [] is not a sequence of at least one seed"),
        ({}, {"seeds": [-1]}, "run.seed: -1 is not in [0, 9223372036854775807]"),
        ({}, {"jobs": 0}, "jobs: 0 is not >= 1"),
    ],
)
def test_a_mistake_in_the_design_stops_it_before_the_first_run(
    tmp_path: Path, vary: dict[str, list[object]], options: dict[str, object], message: str
) -> None:
    with pytest.raises((ScenarioError, ParameterError)) as caught:
        sweep("baseline", vary, out=tmp_path, run_function=toy_market.finish, **options)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []

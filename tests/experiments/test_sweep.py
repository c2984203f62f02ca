"""A sweep makes every run of its design once, and loses nothing when one of them fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy_market

from abm.core.errors import ParameterError, RunFolderError, ScenarioError
from abm.experiments import sweep
from abm.experiments.across import ACROSS_COLUMNS
from abm.recording import PROFILES, read_run
from abm.scenario import Scenario

MARGINS = {"clearing.margin.rate": [0.08, 0.12], "clearing.members": [2, 6]}


def test_every_cell_is_run_with_the_same_seeds() -> None:
    frame = sweep("plain", MARGINS, seeds=[3, 5], jobs=1, run_function=toy_market.finish)
    assert list(frame.columns) == [
        *MARGINS,
        "seed",
        "margin_times_seed",
        "days",
        *ACROSS_COLUMNS,
        "paths_across",
        "state_hash",
        "folder",
        "error",
    ]
    assert frame["folder"].isna().all()
    cells = frame[[*MARGINS, "seed"]].to_numpy().tolist()
    assert cells == [[rate, members, seed] for rate in (0.08, 0.12) for members in (2, 6) for seed in (3, 5)]
    assert (frame["margin_times_seed"] == frame["clearing.margin.rate"] * frame["seed"]).all()
    assert frame["error"].isna().all()


def test_values_and_seeds_of_numpy_give_the_same_table_as_plain_ones() -> None:
    given = {"clearing.margin.rate": np.linspace(0.08, 0.12, 2), "clearing.members": pd.Series([2, 6])}
    base = sweep("plain", MARGINS, seeds=[3, 5], jobs=1, run_function=toy_market.finish)
    same = sweep(
        Path("plain"), given, seeds=np.array([3, 5]), jobs=np.int64(1), run_function=toy_market.finish
    )
    assert same.equals(base)


def test_several_processes_give_the_same_table_as_one() -> None:
    one, two = (
        sweep(Scenario(), MARGINS, seeds=[1, 2], jobs=jobs, run_function=toy_market.finish) for jobs in (1, 2)
    )
    assert one.equals(two)


def test_a_shorter_run_is_asked_for_by_days() -> None:
    frame = sweep("plain", {}, seeds=[1], jobs=1, days=21, run_function=toy_market.finish)
    assert frame["days"].tolist() == [21.0]


def test_a_finished_run_is_read_and_not_repeated(tmp_path: Path) -> None:
    first = sweep("plain", MARGINS, seeds=[1], jobs=1, out=tmp_path, run_function=toy_market.finish)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/manifest.json")}
    more = sweep("plain", MARGINS, seeds=[1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert len(times) == 4
    assert len(list(tmp_path.iterdir())) == 8
    assert {path: path.stat().st_mtime_ns for path in times} == times
    of_a_run = [name for name in first if "across" not in name]  # the others are of all seeds of a cell
    assert more.loc[more["seed"] == 1, of_a_run].reset_index(drop=True).equals(first[of_a_run])


def test_a_cell_that_occurs_twice_is_run_once(tmp_path: Path) -> None:
    frame = sweep(
        "plain", {"run.days": [5, 5]}, seeds=[1], jobs=1, out=tmp_path, run_function=toy_market.finish
    )
    assert frame["error"].tolist() == [None, None]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_run_is_a_row_with_its_error_in_one_line(tmp_path: Path) -> None:
    frame = sweep(
        "plain", {}, seeds=[0, 1, 2], jobs=1, out=tmp_path, run_function=toy_market.fail_on_seed_one
    )
    assert frame["error"].tolist() == [
        None,
        "seed: 1 is not to this market's taste",
        "ZeroDivisionError: a fault of ours",
    ]
    assert frame["state_hash"].tolist() == ["hash-of-seed-0", None, None]
    repaired = sweep("plain", {}, seeds=[0, 1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert repaired["error"].isna().all()


def test_a_dead_process_costs_the_runs_in_flight_and_no_others() -> None:
    frame = sweep("plain", {}, seeds=range(1, 7), jobs=2, run_function=toy_market.die_on_seed_one)
    lost = frame.loc[frame["error"].notna(), "seed"].tolist()
    assert 1 in lost
    assert len(lost) <= 2
    assert set(frame["error"].dropna()) == {"the worker process died"}
    assert frame["state_hash"].notna().sum() == 6 - len(lost)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_sweep_keeps_what_is_finished(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(
            "plain",
            {},
            seeds=[0, 1],
            jobs=jobs,
            out=tmp_path,
            run_function=toy_market.interrupt_on_seed_one,
        )
    resumed = sweep("plain", {}, seeds=[0, 1], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert resumed["error"].isna().all()
    assert len(list(tmp_path.glob("[!.]*"))) == 2


def test_a_run_that_leaves_no_manifest_is_an_error_of_its_row(tmp_path: Path) -> None:
    frame = sweep("plain", {}, seeds=[1], jobs=1, out=tmp_path, run_function=lambda *_, **__: None)
    assert frame["error"].item().endswith("there is no such run folder")
    assert frame["folder"].item() is None


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
        ({}, {"out": ""}, "out: '' is not a path"),
        ({}, {"out": 3}, "out: 3 is not a path"),
        ({}, {"out": "/dev/null"}, "/dev/null is not a folder"),
        ({}, {"out": "/dev/null/runs"}, "/dev/null is not a folder"),
    ],
)
def test_a_mistake_in_the_design_stops_it_before_the_first_run(
    tmp_path: Path, vary: dict[str, list[object]], options: dict[str, object], message: str
) -> None:
    with pytest.raises((ScenarioError, ParameterError, RunFolderError)) as caught:
        sweep("plain", vary, run_function=toy_market.finish, **({"out": tmp_path} | options))
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("profile", ["summary", "daily"])
def test_the_profile_asked_for_is_kept_and_each_folder_is_returned(tmp_path: Path, profile: str) -> None:
    scenario = Scenario().replace({"recording.profile": profile})
    frame = sweep(scenario, {}, seeds=[1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    for seed, folder in zip(frame["seed"], frame["folder"], strict=True):
        run = read_run(folder)
        assert run.manifest["seed"] == seed
        assert set(run.tables) == set(PROFILES[profile])


def test_a_summary_does_not_serve_where_daily_tables_are_asked_for(tmp_path: Path) -> None:
    vary = {"recording.profile": ["summary", "daily"]}
    frame = sweep("plain", vary, seeds=[1], jobs=1, out=tmp_path, run_function=toy_market.finish)
    assert ["trades" in read_run(folder).tables for folder in frame["folder"]] == [False, True]
    assert frame["state_hash"].nunique() == 1


def cut(folder: Path) -> None:
    part = folder / "daily.parquet"
    part.write_bytes(part.read_bytes()[:-9])


def put_another_run_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    toy_market.finish(Scenario().replace({"recording.profile": "summary"}), seed=99, out=folder)


DAMAGES = [
    cut,
    put_another_run_in_its_place,
    lambda folder: (folder / "daily.parquet").unlink(),
    lambda folder: (folder / "manifest.json").write_text("[]"),
    lambda folder: (folder / "scenario.toml").write_text("x"),
    lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    lambda folder: (shutil.rmtree(folder), folder.touch()),
    lambda folder: (shutil.rmtree(folder), folder.symlink_to("nowhere")),
]


def test_a_damaged_run_is_set_aside_and_repeated_and_no_other(tmp_path: Path) -> None:
    first = sweep("plain", {}, seeds=[1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
    damaged, whole = map(Path, first["folder"])
    written = (whole / "manifest.json").stat().st_mtime_ns
    for number, damage in enumerate(DAMAGES, start=1):
        damage(damaged)
        again = sweep("plain", {}, seeds=[1, 2], jobs=1, out=tmp_path, run_function=toy_market.finish)
        assert again.equals(first)
        assert read_run(damaged).manifest["seed"] == 1
        assert (whole / "manifest.json").stat().st_mtime_ns == written
        assert sum(".unfit-" in path.name for path in tmp_path.iterdir()) == number


WAITING = """
import sys
sys.path.insert(0, {tests!r})
import toy_market
from abm.experiments import sweep
from abm.experiments.across import ACROSS_COLUMNS
if __name__ == "__main__":
    sweep("plain", {{}}, seeds=[1, 2], jobs=2, out={out!r}, run_function=toy_market.wait_on_seed_one)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.verify
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks the system for processes by number")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_ended_sweep_leaves_no_process_behind(tmp_path: Path, end: signal.Signals) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING.format(tests=str(Path(__file__).parent), out=str(tmp_path / "runs")))
    main = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not (found := list((tmp_path / "runs").glob("pid-*"))):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(main.pid, end) if end == signal.SIGINT else main.kill()
    said = main.communicate(timeout=60)[1]
    worker = int(found[0].name.removeprefix("pid-"))
    while is_alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if end == signal.SIGINT:
        assert said.count("Traceback") == 1  # of the script itself, none of a worker

"""A run that was stopped goes on from its last checkpoint, and ends as if it had never been stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import plain_rounds
import pytest
from typer.testing import CliRunner

import abm.market.snapshot.file as snapshot_file
from abm import (
    CustomAgents,
    MarketRule,
    ParameterError,
    Scenario,
    Side,
    SnapshotError,
    TraderAgent,
    read_run,
    run,
)
from abm.cli.commands import app

DAYS, EVERY, STOPPED = 24, 5, 17
SCENARIO = Scenario().replace(
    plain_rounds.FEW
    | {"run.days": DAYS, "calendar.rounds_per_day": 2}
    | {"recording.profile": "full", "agents.informed.count": 2}
)
"""Over a month's end: an expiry, a listing and a resized fund come after the checkpoint."""


SHORT = SCENARIO.replace({"run.days": 4, "recording.profile": "summary"})


class Stop(Exception):
    """As if the process were killed."""


class Buyer(TraderAgent):
    def decide(self, view):
        self.bought = getattr(self, "bought", 0) + 1
        self.market(side=Side.BUY, lots=self.bought)


class Nothing(MarketRule):
    """Does nothing."""


def stopped_after(last_day):
    def progress(day, *_):
        if day == last_day:
            raise Stop

    return progress


def stopped_run(folder, scenario=SCENARIO, last_day=STOPPED, **more):
    """Leave the checkpoint of a run that stopped in the middle, and return where it stands."""
    with pytest.raises(Stop):
        run(scenario, 3, out=folder, progress=stopped_after(last_day), **{"checkpoint_every": EVERY} | more)
    (path,) = folder.parent.iterdir()
    return path


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    return run(SCENARIO, 3, out=tmp_path_factory.mktemp("straight") / "r")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return stopped_run(tmp_path_factory.mktemp("stopped") / "r")


@pytest.fixture
def again(checkpoint, tmp_path):
    """A folder's place with that checkpoint beside it."""
    (tmp_path / checkpoint.name).write_bytes(checkpoint.read_bytes())
    return tmp_path / "r"


def test_a_resumed_run_leaves_the_folder_of_one_that_was_never_stopped(straight, again):
    days, facts = [], snapshot_file.SnapshotFile(again.parent / "r.checkpoint").facts
    resumed = run(SCENARIO, 3, out=again, resume=True, progress=lambda day, *_: days.append(day))
    assert days == list(range(facts["day"], DAYS)) == list(range(STOPPED // EVERY * EVERY, DAYS))
    assert resumed.state_hash == straight.state_hash
    ours, theirs = read_run(resumed.folder), read_run(straight.folder)
    assert list(ours.tables) == list(theirs.tables)
    for name in theirs.tables:
        assert ours.tables[name].equals(theirs.tables[name]), name
    changing = {"started", "cpu_seconds", "manifest_sha256"}
    assert {k: v for k, v in ours.manifest.items() if k not in changing} == {
        k: v for k, v in theirs.manifest.items() if k not in changing
    }
    assert ours.manifest["cpu_seconds"].keys() - theirs.manifest["cpu_seconds"].keys() == {"checkpoints"}
    assert os.listdir(again.parent) == ["r"]
    time_before, spent = facts["time"], ours.manifest["cpu_seconds"]
    assert spent["set_up"] > time_before["set_up"]
    assert sum(spent.values()) > time_before["total"]
    began = time.gmtime(time_before["started"])
    assert ours.manifest["started"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", began)


def test_a_run_with_checkpoints_is_the_same_run_and_clears_them_away(straight, tmp_path):
    """Asked to resume, it begins: there is no checkpoint yet."""
    result = run(SCENARIO, 3, out=tmp_path / "r", checkpoint_every=EVERY, resume=True)
    assert read_run(result.folder).manifest["sha256"] == read_run(straight.folder).manifest["sha256"]
    assert os.listdir(tmp_path) == ["r"]


OTHER_RUNS = {
    "another scenario, or of other values of its fields \\(plain\\)": {
        "scenario": SCENARIO.replace({"run.days": DAYS + 1})
    },
    "seed 3, not 4": {"seed": 4},
    "population_seed 3, not 9": {"population_seed": 9},
    "with other traders or rules of the user's own: none": {"custom_agents": [CustomAgents(Buyer)]},
}


@pytest.mark.parametrize("match", OTHER_RUNS)
def test_a_checkpoint_of_another_run_is_refused_in_words_and_stays(again, match):
    arguments = {"scenario": SCENARIO, "seed": 3} | OTHER_RUNS[match]
    with pytest.raises(SnapshotError, match=rf"r\.checkpoint: a checkpoint .*{match}.*: remove it to begin"):
        run(**arguments, out=again, resume=True)
    assert (again.parent / "r.checkpoint").exists()


def test_a_checkpoint_of_another_version_or_a_damaged_one_is_refused_in_words(again, monkeypatch):
    path = again.parent / "r.checkpoint"
    monkeypatch.setattr(snapshot_file, "program", lambda: {"sitsim": "9.9", "source": "0", "mesa": "3.3"})
    with pytest.raises(SnapshotError, match=r"r\.checkpoint: saved by sitsim .*, this is sitsim 9\.9"):
        run(SCENARIO, 3, out=again, resume=True)
    monkeypatch.undo()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SnapshotError, match=r"r\.checkpoint: damaged"):
        run(SCENARIO, 3, out=again, resume=True)


def test_a_new_run_does_not_write_over_what_another_could_go_on_from(again):
    with pytest.raises(SnapshotError, match="a run that has not ended left this checkpoint: resume it, or"):
        run(SCENARIO, 3, out=again, checkpoint_every=1)
    run(SHORT, 3, out=again)
    assert sorted(os.listdir(again.parent)) == ["r", "r.checkpoint"]


def test_the_last_whole_checkpoint_counts_when_the_next_one_is_cut_off(tmp_path, monkeypatch):
    written = []

    def cut_off(path, content):
        written.append(path)
        if len(written) == 3:
            with path.open("wb") as file:
                file.write(content[: len(content) // 2])
            raise Stop
        with path.open("wb") as file:
            return file.write(content)

    monkeypatch.setattr(Path, "write_bytes", cut_off)
    with pytest.raises(Stop):
        run(SHORT, 3, out=tmp_path / "r", checkpoint_every=1)
    monkeypatch.undo()
    (path,) = tmp_path.iterdir()
    assert snapshot_file.SnapshotFile(path).facts["day"] == 2


def test_a_users_own_traders_and_rules_are_resumed(tmp_path):
    own = {"custom_agents": [CustomAgents(Buyer, 2)], "rules": [Nothing()]}
    whole = run(SHORT, 3, **own)
    stopped_run(tmp_path / "r", SHORT, 1, checkpoint_every=1, **own)
    assert run(SHORT, 3, out=tmp_path / "r", resume=True, **own).state_hash == whole.state_hash


def test_checkpoints_without_a_run_folder_and_days_that_are_none_are_refused(tmp_path):
    for arguments, match in (
        ({"checkpoint_every": 5}, "checkpoint_every: checkpoints stand beside the run folder: say out, too"),
        ({"resume": True}, "resume: checkpoints stand beside the run folder: say out, too"),
        ({"checkpoint_every": 0, "out": tmp_path / "r"}, "checkpoint_every: 0 is not >= 1"),
        ({"checkpoint_every": 1.5, "out": tmp_path / "r"}, "checkpoint_every: 1.5 is not a whole number"),
    ):
        with pytest.raises(ParameterError, match=match):
            run(SCENARIO, 3, **arguments)


def command(*arguments):
    options = ("--days", "4", "--rounds-per-day", "2", "--no-report", "--out")
    return CliRunner().invoke(app, ["run", "plain", *options, *map(str, arguments)])


def test_the_command_refuses_what_is_no_checkpoint_in_one_line(tmp_path):
    (tmp_path / "plain-seed1.checkpoint").write_bytes(b"day,price\n")
    first = command(tmp_path, "--resume")
    assert (first.exit_code, first.stdout) == (2, "")
    assert first.stderr == f"sitsim: {tmp_path / 'plain-seed1.checkpoint'}: not a saved market\n"
    second = command(tmp_path, "--checkpoint-every", 0)
    assert (second.exit_code, second.stderr) == (2, "sitsim: --checkpoint-every: 0 is not >= 1\n")


def test_an_interrupted_command_says_what_is_kept(tmp_path, monkeypatch):
    def interrupted(*arguments, **named):
        if (tmp_path / "plain-seed1.checkpoint").exists():
            raise KeyboardInterrupt
        return True

    monkeypatch.setattr("abm.cli.running.DayBar.__call__", interrupted)
    answer = command(tmp_path, "--checkpoint-every", 1)
    kept = tmp_path / "plain-seed1.checkpoint"
    assert answer.exit_code == 130
    assert answer.stderr.endswith(f"sitsim: interrupted: {kept} is kept, --resume goes on from it\n")


@pytest.mark.verify
def test_a_killed_command_is_resumed_to_the_byte(tmp_path):
    call = [sys.executable, "-c", "from abm.cli import main; main()", "run", "plain", "--no-report"]
    options = ["--days", "120", "--quiet", "--out"]
    subprocess.run([*call, *options, str(tmp_path / "straight")], check=True, capture_output=True)
    process = subprocess.Popen([*call, *options, str(tmp_path / "killed"), "--checkpoint-every", "10"])
    place = tmp_path / "killed" / "plain-seed1"
    while not place.with_name(f"{place.name}.checkpoint").exists():
        time.sleep(0.05)
    time.sleep(0.4)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    resume = ["--resume", "--checkpoint-every", "40"]
    subprocess.run([*call, *options, str(tmp_path / "killed"), *resume], check=True, capture_output=True)
    whole, resumed = read_run(tmp_path / "straight" / place.name), read_run(place)
    assert whole.manifest["sha256"] == resumed.manifest["sha256"]
    assert whole.manifest["state_hash"] == resumed.manifest["state_hash"]
    assert os.listdir(place.parent) == [place.name]

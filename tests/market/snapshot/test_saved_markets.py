"""A saved market: what a file of one may be, what is refused and in which words."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import plain_rounds
import pytest

import abm.market.snapshot.file as snapshot_file
from abm import CustomAgents, Scenario, SnapshotError, TokenFuturesMarket, TraderAgent
from abm.core.errors import CopyError
from abm.market import MarketRule
from abm.recording import Recorder


def small(**more):
    return TokenFuturesMarket(Scenario().replace(plain_rounds.FEW), rng=1, **more)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file and the hash of its market."""
    market = small(recorder=Recorder("daily"))
    for _ in range(7):
        market.step()
    return market.save(tmp_path_factory.mktemp("saved") / "m.market"), market.state_hash()


def refused(path, match):
    with pytest.raises(SnapshotError, match=match) as refusal:
        TokenFuturesMarket.load(path)
    line = str(refusal.value)
    assert "\n" not in line
    assert line.startswith(f"{path}: "), line


def rewritten(saved, folder, change):
    """Return a copy of a file with another body whose checksum is right again."""
    lines = saved.read_bytes().split(b"\n", 2)
    body = change(lines[2])
    path = folder / "rewritten"
    path.write_bytes(b"\n".join([lines[0], hashlib.sha256(body).hexdigest().encode(), body]))
    return path


@pytest.mark.verify
def test_another_process_goes_on_from_the_file(saved, tmp_path):
    path, state_hash = saved
    code = "\n".join([
        "import sys",
        "from abm import TokenFuturesMarket",
        "market = TokenFuturesMarket.load(sys.argv[1])",
        "print(market.state_hash())",
        "market.step()",
        "print(market.state_hash(), len(market.recorder.table('daily')))",
    ])  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    market = TokenFuturesMarket.load(path)
    assert answer.stdout.split()[0] == state_hash == market.state_hash()
    market.step()
    assert answer.stdout.split()[1:] == [market.state_hash(), str(len(market.recorder.table("daily")))]


def test_saving_and_loading_leave_the_market_and_the_file_as_they_are(saved):
    path, state_hash = saved
    content = path.read_bytes()
    again = TokenFuturesMarket.load(path)
    assert again.save(path) == path
    assert TokenFuturesMarket.load(path).state_hash() == again.state_hash() == state_hash
    assert len(path.read_bytes()) == pytest.approx(len(content), rel=0.01)
    path.write_bytes(content)


def test_a_file_is_replaced_in_one_move_and_nothing_is_left_beside_it(saved, tmp_path, monkeypatch):
    market = TokenFuturesMarket.load(saved[0])
    path = market.save(tmp_path / "m")
    before = path.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", _disk_full)
    with pytest.raises(SnapshotError, match="cannot be written: disk full"):
        market.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m"]


def _disk_full(*_):
    raise OSError(28, "disk full")


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.5, 0.999999])
def test_a_truncated_file_is_refused_in_one_line(saved, tmp_path, share):
    content = saved[0].read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "not a saved market|damaged: its content is not what its checksum says")


@pytest.mark.parametrize("place", [-1, -100_000, 200, 80, 20])
def test_a_file_with_another_byte_is_refused_in_one_line(saved, tmp_path, place):
    content = bytearray(saved[0].read_bytes())
    content[place] ^= 1
    path = tmp_path / "flipped"
    path.write_bytes(content)
    refused(path, "damaged: its content is not what its checksum says")


def test_what_is_no_saved_market_is_refused_in_one_line(tmp_path):
    (tmp_path / "foreign").write_text("day,price\n0,1.0\n", encoding="utf-8")
    refused(tmp_path / "foreign", "not a saved market")
    refused(tmp_path / "missing", "there is no such file")
    refused(tmp_path, "cannot be read: Is a directory")
    (tmp_path / "later").write_bytes(b"sitsim market 2\n" + b"0" * 64 + b"\n{}")
    refused(tmp_path / "later", "of another layout than this program's, sitsim 0.2.0")
    for path, match in (("", "does not name a file"), (3, "path: 3 is not a path")):
        with pytest.raises(SnapshotError, match=match):
            TokenFuturesMarket.load(path)


def test_a_market_of_another_version_of_the_program_is_refused_in_words(saved, monkeypatch):
    later = {"sitsim": "0.3.0", "source": "0123456789ab", "mesa": "3.5.1"}
    monkeypatch.setattr(snapshot_file, "program", lambda: later)
    refused(saved[0], r"saved by sitsim 0\.2\.0 .*, this is sitsim 0\.3\.0 .*loaded by the program that")


def test_a_file_that_nobody_wrote_so_is_refused_and_runs_nothing(saved, tmp_path):
    def other_names(old, new):
        return partial(_with_names, old=old, new=new)

    cases = {
        ("abm.market.day.clock", "MarketClock"): ("os", "system"),
        ("abm.market.day.clock", "MarketClock.advance"): ("subprocess", "Popen"),
        ("abm.market.tables.daily_scalars", "day"): ("builtins", "exec"),
    }
    for (module, name), new in cases.items():
        path = rewritten(saved[0], tmp_path, other_names([module, name], list(new)))
        if path.read_bytes() != saved[0].read_bytes():
            refused(path, "is not one of the names that a saved market may use|neither a class nor a func")
    unknown = other_names(["abm.market.model", "TokenFuturesMarket"], ["abm.x", "Y"])
    path = rewritten(saved[0], tmp_path, unknown)
    refused(path, "abm.x.Y cannot be imported: No module named 'abm.x'")
    path = rewritten(saved[0], tmp_path, lambda body: body.replace(b'["array",', b'["arrow",', 1))
    refused(path, "cannot be rebuilt: 'arrow'")


def _with_names(body, *, old, new):
    head, rest = body.split(b"\n", 1)
    facts = json.loads(head)
    records = rest[: facts["records"]]
    changed = records.replace(*(json.dumps(each, separators=(",", ":")).encode() for each in (old, new)))
    facts["records"] = len(changed)
    return json.dumps(facts).encode() + b"\n" + changed + rest[len(records) :]


def test_a_market_of_another_class_is_refused(saved):
    class Other(TokenFuturesMarket):
        """A class of a user's own."""

    with pytest.raises(SnapshotError, match="of a TokenFuturesMarket, not of a Other"):
        Other.load(saved[0])


def test_classes_that_no_other_program_finds_are_refused_in_words(tmp_path):
    class Local(TraderAgent):
        def decide(self, view):
            self.cancel_all()

    market = small(custom_agents=[CustomAgents(Local)])
    market.fork()
    with pytest.raises(CopyError, match=r"Local is made inside a function; define it in a module"):
        market.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


class Watcher(MarketRule):
    """Remembers a function."""

    def __init__(self, function):
        self.function = function


def test_functions_that_remember_and_those_without_a_name_are_refused_in_words(tmp_path):
    factor = np.float64(2.0)
    for function, match in (
        (lambda lots: lots * factor, r"market\.rules\[\d\]\.function: .* remembers variables of the"),
        (lambda lots: lots, r"market\.rules\[\d\]\.function: .*<lambda> is made inside a function"),
    ):
        market = small(rules=[Watcher(function)])
        assert market.fork().rules[-1].function(3) == function(3)
        with pytest.raises(CopyError, match=match):
            market.save(tmp_path / "m")


def test_a_class_of_the_running_script_is_refused_in_words(tmp_path):
    members = {"__module__": "__main__", "decide": lambda self, view: None}
    market = small(custom_agents=[CustomAgents(type("Mine", (TraderAgent,), members))])
    with pytest.raises(CopyError, match="Mine is of the running script; define it in a module that both"):
        market.save(tmp_path / "m")

"""Every Python block of the README runs as printed, and its shell lines name commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from abm.cli import app
from abm.market import run
from abm.scenario import Scenario

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder_with_a_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    run(Scenario.load("baseline").replace({"run.days": 2}), out=folder / "runs" / "baseline-seed1")
    return folder


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_python_block_runs_as_printed(number, folder_with_a_run, monkeypatch, capsys):
    monkeypatch.chdir(folder_with_a_run)
    exec(compile(BLOCKS[number], f"README block {number}", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


def test_the_readme_has_its_blocks():
    assert len(BLOCKS) == 4


def test_the_custom_agent_takes_no_more_than_twenty_lines():
    block = next(block for block in BLOCKS if "TraderAgent)" in block)
    assert len([line for line in block.splitlines() if line.strip()]) <= 20


SHELL_LINES = [line.partition("#")[0].split() for line in README.splitlines() if line.startswith("sitsim ")]


@pytest.mark.parametrize(
    "words", [line for line in SHELL_LINES if line[1] in ("list", "explain", "validate")], ids=" ".join
)
def test_a_shell_line_runs_as_printed(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_scenario.toml").write_text('extends = "baseline"\n')
    result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert (result.exit_code, bool(result.stdout)) == (0, True)


def test_the_readme_says_how_to_activate_before_it_uses_the_command():
    assert README.index(". .venv/bin/activate") < README.index("\nsitsim ")


def test_the_commands_exist():
    named = set(re.findall(r"^sitsim (\w+)", README, flags=re.MULTILINE))
    registered = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert named
    assert named <= registered

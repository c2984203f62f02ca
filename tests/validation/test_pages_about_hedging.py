"""The numbers on the page about hedging, and in README's first answer, are what its commands print."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from abm.cli import app
from scenarios import two_measures

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hedging.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def answer(tmp_path, monkeypatch, *more: str) -> list[str]:
    monkeypatch.chdir(tmp_path)
    words = ["hedge", "--spend", "2e6", "--cash", "1.2e6", "--no-report", *more]
    result = CliRunner().invoke(app, words, catch_exceptions=False, env={"COLUMNS": "100"})
    return [line.rstrip() for line in result.stdout.splitlines() if not line.startswith("run folder")]


@pytest.mark.verify
def test_a_treasurers_answer_reads_as_the_command_prints_it(tmp_path, monkeypatch):
    where_money_is_deep = ("--scenario", str(ROOT / "tests" / "plain_explosion.toml"))
    assert "\n".join(answer(tmp_path, monkeypatch, *where_money_is_deep)).rstrip() in PAGE
    printed = answer(tmp_path, monkeypatch)
    costs = next(number for number, line in enumerate(printed) if line.startswith("Cost, USD"))
    assert "\n".join(printed[:costs]).rstrip() in README


@pytest.mark.verify
def test_the_tables_of_both_measures_read_as_the_script_prints_them(capsys):
    two_measures.main(["--markdown"])
    tables = capsys.readouterr().out.strip().split("\n\n")
    assert len(tables) == 4
    for table in tables:
        assert table in PAGE


def test_the_script_prints_four_tables(capsys):
    two_measures.main(["--paths", "100", "--markdown"])
    printed = " ".join(capsys.readouterr().out.split())
    for word in ("the same, built up over 21 days", "basis sd 12 %", "stack:scaled", "net of bills"):
        assert word in printed


def test_a_number_that_no_study_takes_is_one_line(capsys):
    for words in (["--paths", "0"], ["--seed", "-1"], ["--paths", "many"]):
        with pytest.raises(SystemExit) as ended:
            two_measures.main(words)
        assert ended.value.code == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

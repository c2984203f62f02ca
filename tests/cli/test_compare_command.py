"""``sitsim compare``: the answer first, the evidence after it; a mistake is one line before any run."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from abm.cli import app
from abm.cli.variant_words import parse_grid, parse_precision, parse_variants
from abm.core.errors import ParameterError
from abm.experiments import compare
from abm.recording import read_compare_folder

MODULE = import_module("abm.experiments.compare")
TOYS = Path(__file__).parents[1] / "experiments" / "toy_market.py"
COARSE = ("--variant", "coarse:contract.tick_size_usd=0.005")


def load_toys() -> ModuleType:
    if "toy_market" not in sys.modules:
        spec = importlib.util.spec_from_file_location("toy_market", TOYS)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["toy_market"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["toy_market"])
    return sys.modules["toy_market"]


toy_market = load_toys()


@pytest.fixture(autouse=True)
def _in_an_empty_folder_of_toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(MODULE, "market_run", toy_market.quoted)


def sitsim(*arguments: str | Path, columns: int = 150) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, words, catch_exceptions=False, env={"COLUMNS": str(columns)})


def compared(*arguments: str, seeds: int = 4, columns: int = 150) -> Result:
    words = ("--seeds", str(seeds), "--jobs", "1", "--no-report")
    return sitsim("compare", *arguments, *words, columns=columns)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_answer_comes_first_and_every_number_is_the_comparisons() -> None:
    result = compared("plain", *COARSE)
    assert (result.exit_code, result.stderr) == (0, "")
    found = compare(
        {"plain": "plain", "coarse": {"contract.tick_size_usd": 0.005}},
        seeds=range(1, 5), jobs=1, out="runs", run_function=toy_market.fail_on_seed_one,
    )  # fmt: skip
    assert found.notes == ()  # every run was there
    table = found.table
    assert (table["verdict"] != "no sign yet").sum() == 1
    assert found.tests == 2
    said = one_line(result.stdout)
    assert said.startswith("coarse against plain, over 4 paired seeds: 1 of 2 differences has a sign.")
    assert "Front spread up by 0.00815 USD/mSIT, +181 %, from 0.0045 (95 % interval +0.008" in said
    assert "Warning: 1 difference is skewed and 4 seeds few for that" in said
    assert "No difference in any seed: halts at a daily limit; margin calls; volatility reduction" in said
    assert "No value in these runs: presence in stress." in said
    assert f"hold for all {found.tests} comparisons of the table together" in said
    assert "contract.tick_size_usd = 0.005 (base 0.001)" in said
    assert said.index("Liquidity and prices") < said.index("Market makers")
    spread = next(line for line in result.stdout.splitlines() if line.strip().startswith("front spread, USD"))
    numbers = [float(word) for word in re.findall(r"[+-]?\d+\.\d+", spread)]
    mine = table[table["measure"] == "front_spread_usd"].iloc[0]
    assert numbers == pytest.approx([mine["base"], mine["difference"], mine["low"], mine["high"]], rel=0.01)


def test_what_has_no_sign_says_how_many_seeds_would_show_it() -> None:
    said = one_line(compared("plain", "--variant", "clearing.margin.rate=0.13", seeds=4).stdout)
    assert said.startswith(
        "rate=0.13 against plain, over 4 paired seeds: none of 1 difference has a sign yet."
    )
    assert re.search(r"no sign yet, about [\d,]+ seeds", said)


def test_the_folder_the_page_and_the_command_lead_to_the_same_comparison() -> None:
    words = ("--days", "9", "--population-seed", "3", "--set", "agents.noise.count=20")
    result = sitsim("compare", "plain", *COARSE, *words, "--seeds", "2", "--jobs", "1")
    folder = Path("runs/compare-plain")
    assert f"comparison  {folder}\nreport      {folder}/report.html\n" in result.stdout
    first = read_compare_folder(folder)
    assert ["Set in all", "agents.noise.count = 20"] in first.manifest["asked"]
    assert ["Firms", "the same in every run, of seed 3"] in first.manifest["asked"]
    page = (folder / "report.html").read_text()
    command = first.manifest["command"]
    assert shlex.split(command)[2:5] == ["plain", *COARSE]
    assert all(
        part in page for part in ("coarse against plain", "Liquidity and prices", "<img", "How to reproduce")
    )
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 4
    assert all((folder / link / "manifest.json").is_file() for link in links)
    times = [path.stat().st_mtime_ns for path in sorted(Path("runs").glob("*/scenario.toml"))]
    again = sitsim(*shlex.split(command)[1:], "--jobs", "1", "--quiet", "--no-report")
    second = read_compare_folder(again.stdout.strip())
    assert second.path.name == "compare-plain-2"
    assert second.tables["differences"].equals(first.tables["differences"])
    assert [path.stat().st_mtime_ns for path in sorted(Path("runs").glob("*/scenario.toml"))] == times


def test_a_report_is_written_of_the_folder_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compared("plain", *COARSE, seeds=2)
    folder = Path("runs/compare-plain")
    assert not (folder / "report.html").exists()
    written: list[Path] = []
    monkeypatch.setattr(
        "analysis.comparison.page.render", lambda view: written.append(view.folder.path) or "page"
    )
    assert sitsim("report", folder).stdout.strip() == str(folder / "report.html")
    assert (written, (folder / "report.html").read_text()) == ([folder], "page")


def test_of_too_many_rows_those_of_measures_with_a_sign_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.cli.compare_tables.MOST_ROWS", 3)
    ticks = ("--grid", "contract.tick_size_usd=0.001,0.002,0.005")
    said = one_line(compared("plain", *ticks, seeds=3).stdout)
    assert said.startswith("2 variants against plain, over 3 paired seeds: 2 of 4 differences have a sign.")
    assert "tick_size_usd=0.005: front spread up by" in said
    assert "Not printed: 2 rows of measures without a sign in any variant" in said
    assert "Market makers" not in said


def test_an_interruption_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "market_run", toy_market.interrupted_on_three)
    result = compared("plain", *COARSE, seeds=4)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "sitsim: interrupted: 4 of 8 runs kept in runs\n"


def test_commas_inside_brackets_and_quotes_part_nothing() -> None:
    assert parse_variants(
        [
            "wide: a.b=[1, 2],c.d={law='x', at=[3, 4]} , e=\"f,g\",h=plain word",
            "contract.tick_size_usd=0.005,x.y=2",
        ]
    ) == [
        ("wide", {"a.b": [1, 2], "c.d": {"law": "x", "at": [3, 4]}, "e": "f,g", "h": "plain word"}),
        ("tick_size_usd=0.005, y=2", {"contract.tick_size_usd": 0.005, "x.y": 2}),
    ]
    assert parse_grid(["a=1,0.5,word", "b=[1, 2],[]", 'c=\'x,y\',"\\","']) == {
        "a": [1, 0.5, "word"],
        "b": [[1, 2], []],
        "c": ["x,y", '",'],
    }
    assert parse_precision(["front_spread_usd=1e-4", "x = 2"]) == {"front_spread_usd": 1e-4, "x": 2.0}
    for words, message in (
        ("a=[1,2", "has no closing ]"),
        ("a='1,2", "has no closing '"),
        ("a=1,,b=2", "nothing between"),
        ("n:a=1,a=2", "sets a field twice"),
        ("n:", "has no FIELD=VALUE"),
    ):
        with pytest.raises(ParameterError, match=re.escape(message)):
            parse_variants([words])


MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("plain",), "nothing to compare 'plain' with: name a second scenario, or give"),
    (("basline", *COARSE), "did you mean baseline?"),
    (("plain", "--variant", "x:contract.tik=1"), "variant 'x': contract.tik: unknown key"),
    (("plain", "--variant", "x:contract.tick_size_usd"), "--variant: 'contract.tick_size_usd' is not"),
    (("plain", "--variant", "x:contract.tick_size_usd=0.001"), "'x' is the same market as the base"),
    (("plain", "--variant", "x:run.days=3", "--variant", "x:run.days=4"), "variants: two are called 'x'"),
    (("plain", "plain"), "variants: two are called 'plain'"),
    (("plain", "--grid", "contract.tick_size_usd=0.001"), "there is none but the base 'plain'"),
    (("plain", "--grid", "contract.tick_size_usd"), "is not of the form FIELD=V1,V2"),
    (("plain", "--grid", "run.days=3", "--grid", "run.days=4"), "--grid: run.days is given twice"),
    (("plain", *COARSE, "--seeds", "1"), "--seeds: 1 is not >= 2"),
    (("plain", *COARSE, "--jobs", "0"), "--jobs: 0 is not >= 1"),
    (("plain", *COARSE, "--days", "0"), "run.days: 0 is not"),
    (("plain", *COARSE, "--out", "/dev/null"), "/dev/null is not a folder"),
    (("plain", *COARSE, "--out", ""), "--out: '' is not a path"),
    (("plain", *COARSE, "--precision", "front_spread_usd"), "is not of the form METRIC=WIDTH"),
    (("plain", *COARSE, "--precision", "front_spred_usd=1"), "--precision: 'front_spred_usd' is not a"),
    (("plain", *COARSE, "--precision", "margin_calls=0"), "--precision of margin_calls: 0.0 is not"),
    (("plain", "--variant", "x:spot.initial_price_usd=1e6"), "spot.initial_price_usd: 1000000.0 is not"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_a_mistake_is_one_line_before_any_run(
    words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a run has begun")

    monkeypatch.setattr(MODULE, "run_unfinished", never)
    result = sitsim("compare", *words)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []

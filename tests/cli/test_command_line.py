"""The command line: exit codes, one-line mistakes, and what a run prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import types
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner, Result

import scenarios
from abm.cli import app
from abm.core.errors import RunFolderError
from abm.scenario import Scenario

INVALID = Path(__file__).parents[1] / "scenario" / "invalid"


class Row(NamedTuple):
    label: str
    value: str
    note: str

    @property
    def warns(self) -> bool:
        return self.note.startswith("warning:")


class ToyMarket:
    """Stands for the market, the summary and the report, and remembers what it was asked."""

    def __init__(self) -> None:
        self.scenario = Scenario()
        self.failure: BaseException | None = None
        self.checkpoints: dict[str, object] = {}

    def run(
        self, scenario: Scenario, *, seed: int, out: Path, progress: object, **checkpoints: object
    ) -> types.SimpleNamespace:
        self.scenario, self.checkpoints = scenario, checkpoints
        assert seed == scenario.run.seed
        assert callable(progress)
        progress(0, scenario.run.days, 12, 345)
        if self.failure is not None:
            raise self.failure
        out.mkdir(parents=True)
        return types.SimpleNamespace(folder=out)


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ToyMarket:
    toy = ToyMarket()
    modules = {
        "abm.market": {"run": toy.run},
        "analysis.summary": {
            "summarise": lambda folder: [Row("Front month two-sided", "98 %", "> 95 %")],
            "WARNING": "warning:",
        },
        "analysis.report": {"write_report": lambda folder: folder / "report.html"},
    }
    for name, members in modules.items():
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    return toy


def sitsim(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_run_prints_its_summary_its_folder_and_its_report(market: ToyMarket, tmp_path: Path) -> None:
    result = sitsim("run", "baseline", "--seed", "7")
    assert result.exit_code == 0
    assert "Front month two-sided  98 %\n                       > 95 %\n" in result.stdout
    assert "run folder  runs/baseline-seed7" in result.stdout
    assert "report      runs/baseline-seed7/report.html" in result.stdout


def test_a_run_is_resumed_or_says_that_it_begins(market: ToyMarket, tmp_path: Path) -> None:
    begun = sitsim("run", "baseline", "--checkpoint-every", "30", "--resume")
    assert market.checkpoints == {"checkpoint_every": 30, "resume": True}
    assert begun.stderr == "no checkpoint runs/baseline-seed1.checkpoint: beginning on the first day\n"
    (tmp_path / "runs" / "baseline-seed1.checkpoint").touch()
    (tmp_path / "runs" / "baseline-seed1").rmdir()
    assert sitsim("run", "baseline", "--resume").stderr == ""
    assert market.checkpoints == {"checkpoint_every": None, "resume": True}
    sitsim("run", "baseline", "--seed", "2")
    assert market.checkpoints == {"checkpoint_every": None, "resume": False}


def test_lines_of_the_summary_fit_the_terminal_and_keep_numbers_with_their_units(
    market: ToyMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = (
        "lowest of a dozen listed months or so: 99.9 %, and one tick is hardly 69 bp, for USD 240,000 a year"
    )
    rows = [Row("Whole curve two-sided", "99.9 % of rounds", note)]
    monkeypatch.setattr(sys.modules["analysis.summary"], "summarise", lambda folder: rows)
    for columns in (40, 60, 61, 62, 80, 140):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = sitsim("run", "baseline", "--out", str(columns)).stdout.splitlines()
        shown = [line for line in lines if not line.startswith(("run folder", "report"))]
        assert max(map(len, shown)) <= max(columns, 53)
        assert all(any(kept in line for line in shown) for kept in ("99.9 %", "69 bp", "USD 240,000"))


def test_options_and_overrides_reach_the_scenario(market: ToyMarket) -> None:
    result = sitsim(
        "run",
        "demand_explosion",
        *("--days", "3", "--rounds-per-day", "12", "--profile", "full", "--out", "elsewhere"),
        *("--set", "clearing.margin.rate=0.2", "--set", "exchange.engine=reference"),
        *("--set", "spot.jumps.kind='gaussian'", "--no-report", "--quiet"),
    )
    assert result.exit_code == 0
    assert result.stdout == "elsewhere/demand_explosion-seed1\n"
    scenario = market.scenario
    assert (scenario.run.days, scenario.calendar.rounds_per_day) == (3, 12)
    assert (scenario.recording.profile, scenario.exchange.engine) == ("full", "reference")
    assert (scenario.clearing.margin.rate, scenario.spot.jumps.kind) == (0.2, "gaussian")


def test_a_scenario_name_cannot_lead_the_run_folder_elsewhere(market: ToyMarket) -> None:
    result = sitsim("run", "baseline", "--set", "name='../a b'", "--quiet")
    assert result.stdout == "runs/.._a_b-seed1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "baseline", "--days", "0"], "run.days: 0 is not in [1, 25200]"),
        (["run", "baseline", "--seed", "-1"], "run.seed: -1 is not in [0, 9223372036854775807]"),
        (["run", "baseline", "--profile", "all"], 'recording.profile: "all" is not'),
        (["run", "baseline", "--set", "run.days"], "--set: 'run.days' is not of the form"),
        (["run", "baseline", "--set", "run.dys=3"], "run.dys: unknown key (did you mean days?)"),
        (["run", "nowhere.toml"], "nowhere.toml: no such file"),
        (["validate", "basline"], "basline is not a packaged scenario"),
        (["validate", str(INVALID / "no_value.toml")], "not valid TOML: Invalid value (at line 3"),
        (["explain", str(INVALID / "not_a_number.toml")], "spot.sigma: nan is not a finite number"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_nothing_is_written(
    market: ToyMarket, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = sitsim(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_met_while_running_is_one_line_too(market: ToyMarket) -> None:
    market.failure = RunFolderError("runs: no permission to write")
    result = sitsim("run", "baseline")
    assert (result.exit_code, "sitsim: runs: no permission to write\n" in result.stderr) == (2, True)


def test_ctrl_c_exits_130_and_writes_nothing(market: ToyMarket, tmp_path: Path) -> None:
    market.failure = KeyboardInterrupt()
    result = sitsim("run", "baseline")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "sitsim: interrupted")
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_simulator_keeps_its_traceback(market: ToyMarket) -> None:
    market.failure = AssertionError("the ledger does not balance")
    with pytest.raises(AssertionError, match="ledger"):
        sitsim("run", "baseline")


def test_validate_prints_the_hash_of_the_content() -> None:
    for name, scenario in (("plain", Scenario()), ("baseline", Scenario.load("baseline"))):
        assert sitsim("validate", name).stdout == f"{name}: valid, sha256 {scenario.sha256()}\n"


def test_explain_prints_a_scenario_file_with_meanings_units_sources_and_origins(tmp_path: Path) -> None:
    result = sitsim("explain", "demand_explosion", "--set", "run.days=5")
    blocks = result.stdout.split("\n\n")
    assert "# Length of the run.\n#   trading days; in [1, 25200]; override\ndays = 5" in blocks
    assert "# Length and seed.\n[run]" in blocks
    (kappa,) = (block for block in blocks if block.endswith("\nkappa = 6.0"))
    assert "1/year; in (0, 1000]" in kappa
    assert "set by demand_explosion.toml" in kappa
    fields = [block for block in blocks if " = " in block]
    assert all(block.startswith("# ") for block in fields)  # its meaning first
    assert max(map(len, result.stdout.splitlines())) < 80
    path = tmp_path / "copy.toml"
    path.write_text(result.stdout)
    expected = Scenario.load("demand_explosion").replace({"run.days": 5})
    assert Scenario.load(path).sha256() == expected.sha256()


@pytest.mark.parametrize("name", ["aas_2018", "negative_price_2020"])
def test_explain_of_a_scenario_with_holders_is_a_scenario_file_of_eighty_columns(
    name: str, tmp_path: Path
) -> None:
    result = sitsim("explain", name)
    assert max(map(len, result.stdout.splitlines())) <= 80
    path = tmp_path / "copy.toml"
    path.write_text(result.stdout)
    assert Scenario.load(path).sha256() == Scenario.load(name).sha256()


def test_explain_of_a_table_or_a_field_prints_it_alone(tmp_path: Path) -> None:
    margin = tomllib.loads(sitsim("explain", "baseline", "clearing.margin").stdout)
    assert margin == {"clearing": {"margin": Scenario().clearing.margin.model_dump()}}
    assert tomllib.loads(sitsim("explain", "baseline", "clearing.margin.rate").stdout) == {
        "clearing": {"margin": {"rate": Scenario().clearing.margin.rate}}
    }
    assert tomllib.loads(sitsim("explain", "baseline", "name").stdout) == {"name": "baseline"}
    assert "clearing.fund" not in sitsim("explain", "baseline", "clearing.f").stdout


def test_explain_of_frictions_says_which_are_on_and_what_switches_each_off() -> None:
    text = sitsim("explain", "baseline", "frictions", "--set", "index.basis_sd=0").stdout
    assert re.search(r"^baseline: \d+ of \d+ frictions are on; ", text)
    assert re.search(r"^fees: on\. .*\n  exchange\.maker_fee_usd +=", text, re.MULTILINE)
    assert re.search(r"^  exchange\.taker_fee_usd += 0\.5  off: 0\.0$", text, re.MULTILINE)
    assert re.search(r"^basis: off\. [^:]*\n  index\.basis_sd += 0\.0$", text, re.MULTILINE)
    assert re.search(r'\.curve_risk += "to_delivery"\n {40,}off: "one_correlation"$', text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("clearing.magin", "clearing.margin"),
        ("clearing.margin.rtae", "clearing.margin.rate"),
        ("margin", "clearing.margin"),
        ("listed_months", "contract.listed_months"),
        ("clearing.margi", "clearing.margin"),
        ("clearing.margin.rate.x", "clearing.margin.rate"),
        ("qqqq", "tables: run, calendar, contract"),
        ("", "tables: run, calendar, contract"),
    ],
)
def test_explain_of_an_unknown_name_is_one_line_with_what_is_near(name: str, near: str) -> None:
    result = sitsim("explain", "baseline", name)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert near in result.stderr


def test_the_version_is_that_of_the_package_and_h_is_help() -> None:
    assert sitsim("--version").stdout == f"sitsim {version('sitsim')}\n"
    assert sitsim("-h").stdout == sitsim("--help").stdout
    assert sitsim("explain", "-h").stdout == sitsim("explain", "--help").stdout


def completed(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What bash is offered after these words, the last one still being typed."""
    monkeypatch.setenv("_SITSIM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    result = CliRunner().invoke(app, [], prog_name="sitsim")
    return result.stdout.split()


def test_the_shell_completes_scenarios_tables_and_fields(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "mills").mkdir()
    monkeypatch.chdir(tmp_path)
    assert completed(monkeypatch, "sitsim", "run", "nick") == ["nickel_2022"]
    assert completed(monkeypatch, "sitsim", "validate", "mi") == ["mills/", "mine.toml"]
    assert "clearing.margin" in completed(monkeypatch, "sitsim", "explain", "baseline", "clearing.m")
    assert completed(monkeypatch, "sitsim", "run", "baseline", "--set", "clearing.margin.ra") == [
        "clearing.margin.rate="
    ]


def test_list_names_the_packaged_scenarios() -> None:
    packaged = sorted(path.stem for path in Path(scenarios.__file__).parent.glob("*.toml"))
    listed = [line.split()[0] for line in sitsim("list").stdout.splitlines()]
    assert listed == packaged
    assert "baseline" in listed


def test_schema_is_json() -> None:
    schema = json.loads(sitsim("schema").stdout)
    assert schema["additionalProperties"] is False
    assert {"extends", "run", "agents"} <= schema["properties"].keys()


def test_set_values_are_read_as_toml() -> None:
    from abm.cli.overrides import parse_overrides

    texts = ["a=1", "b=1.5", "c=true", "d='x'", "e=word", "f=[1, 2]", "g=1\nh=2", "i="]
    values = parse_overrides(texts)
    assert values == {
        **tomllib.loads("a=1\nb=1.5\nc=true\nd='x'\ne='word'\nf=[1, 2]"),
        "g": "1\nh=2",
        "i": "",
    }


def test_help_and_names_of_scenarios_are_shown_without_importing_numpy() -> None:
    code = (
        "import sys\nfrom abm.cli import app\nfrom abm.cli.completion import scenario_names\n"
        "assert 'baseline' in scenario_names('')\n"
        "try:\n    app(['--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        "print('numpy' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
    assert "validate" in done.stdout

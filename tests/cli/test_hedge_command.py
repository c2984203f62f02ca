"""``sitsim hedge``: the answer first, the evidence after it; a mistake is one line and writes nothing."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from abm.cli import app, commands
from abm.hedging import CompanyTerms, advise, company_study, read_basis, read_needs
from abm.hedging.company import HALF_SPREAD
from abm.recording import read_hedge_folder

QUICK = ("--paths", "200", "--no-report")


def sitsim(*arguments: str | Path) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, ["hedge", *words], catch_exceptions=False, env={"COLUMNS": "120"})


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def needs(tmp_path) -> Path:
    path = tmp_path / "needs.csv"
    path.write_text(
        "month,mSIT,provider\n2027-01,200000,nimbus\n2027-01,100000,strato\n2027-02,300000,nimbus\n"
    )
    return path


@pytest.fixture
def prices(tmp_path) -> Path:
    rng = np.random.default_rng(1)
    index = 3.0 * np.exp(np.cumsum(0.02 * rng.standard_normal(90)))
    noise = 0.03 * rng.standard_normal((2, 90))
    rows = zip(index, 1.1 * index * np.exp(noise[0]), 0.9 * index * np.exp(noise[1]), strict=True)
    path = tmp_path / "prices.csv"
    path.write_text(
        "index,nimbus,strato\n"
        + "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in rows).replace("np.float64(", "").replace(")", "")
    )
    return path


def test_the_answer_comes_first_and_every_number_is_the_studys():
    result = sitsim("--spend", "2e6", "--cash", "1.5e6", "--scenario", "plain",
                    "--programme", "strip,rolling:2", "--programme", "fixed_price:0.02", *QUICK)  # fmt: skip
    assert result.exit_code == 0
    study = company_study(
        "plain",
        ["strip", "rolling:2", "fixed_price:0.02"],
        CompanyTerms(spend_usd=2e6, cash_usd=1.5e6),
        paths=200,
        mark_every_days=1,
    )
    found = study.run()
    advice = advise(found)
    best = advice.standings[advice.programme]
    first = one_line(result.stdout)
    assert first.startswith(
        f"Take {advice.programme}: the bill of 12 months is at most USD {best.worst_bill_usd / 1e6:,.2f} m"
    )
    assert f"Runner-up: {'no hedge' if advice.runner_up == 'none' else advice.runner_up}" in first
    assert "Money limits the choice" in first
    summary = found.summary()
    for name in found.programmes:
        line = next(
            line for line in result.stdout.splitlines() if re.match(rf"{re.escape(name)}( \*)? +\d", line)
        )
        numbers = line.removeprefix(name).replace("*", "").replace("%", "").split()
        row = summary.loc[name]
        bills = [row[column] / 1e6 for column in ("mean_bill_usd", "bill_95_usd", "bill_99_usd")]
        cuts = [100 * row[f"volatility_reduction_{measure}"] for measure in ("across_years", "within_median")]
        assert [float(number.strip("<>")) for number in numbers] == pytest.approx([*bills, *cuts], abs=0.1)
    assert "nan" not in result.stdout


def test_the_folder_holds_advice_and_question():
    result = sitsim("--spend", "2e6", "--scenario", "baseline", "--programme", "layered", "--quiet", *QUICK)
    folder = read_hedge_folder(result.stdout.strip())
    assert folder.path.name == "hedge-baseline-seed1"
    assert folder.manifest["advice"]["programme"] in ("layered", "none")
    assert folder.manifest["advice"]["money_usd"] is None  # no limit
    assert ["Scenario", "baseline"] in [list(row) for row in folder.manifest["question"]]
    assert set(folder.tables["limits"]["part"]) >= {"uncertain need", "the provider's basis"}
    again = sitsim("--spend", "2e6", "--scenario", "baseline", "--programme", "layered", "--quiet", *QUICK)
    assert Path(again.stdout.strip()).name == "hedge-baseline-seed1-2"
    left, right = (read_hedge_folder(one.stdout.strip()).tables["paths"] for one in (result, again))
    assert left.equals(right)


def test_needs_and_prices_of_two_providers_make_one_company(needs, prices):
    result = sitsim(
        "--needs", needs, "--prices", prices, "--scenario", "baseline", "--programme", "strip", *QUICK
    )
    assert result.exit_code == 0
    bought = read_needs(needs)
    estimate = read_basis(prices, bought.provider_shares, days_per_year=252.0)
    said = one_line(result.stdout)
    assert "600,000 mSIT in 2 months" in said
    assert f"90 prices over 0.4 years: multiple {estimate.multiple:.4g}" in said
    assert f"price {estimate.multiple:.4g} times the index" in said
    assert estimate.multiple == pytest.approx(5 / 6 * 1.1 + 1 / 6 * 0.9, rel=0.02)


def test_a_page_is_written_unless_it_is_not_wanted():
    words = ("--spend", "2e6", "--scenario", "baseline", "--programme", "strip", "--months", "3")
    result = sitsim(*words, "--paths", "200")
    page = Path("runs/hedge-baseline-seed1/report.html")
    assert str(page) in result.stdout
    assert "Take strip" in page.read_text() or "Do not hedge" in page.read_text()


def test_what_is_smaller_than_a_lot_cannot_be_traded_and_is_told():
    words = ("--programme", "strip", "--months", "1", *QUICK)
    result = sitsim("--spend", "1", "--scenario", "baseline", *words)
    assert "A lot is 1,000 mSIT and the largest month needs 0.327" in one_line(result.stdout)
    lots_of_one = sitsim("--spend", "1e4", "--set", "contract.contract_size_msit=1", *words)
    assert "nothing to trade" not in one_line(lots_of_one.stdout)


SMALL_MARKET = (
    "calendar.rounds_per_day=6", "calendar.days_per_month=5", "contract.listed_months=6",
    "exchange.sessions.opening_auction=0.0", "agents.enterprises.count=20", "agents.noise.count=30",
)  # fmt: skip


def test_the_same_company_runs_in_the_market_and_no_run_is_made_twice():
    words = ["--spend", "5e4", "--scenario", "plain", "--months", "2", "--in-market", "2", "--jobs", "1"]
    words += [word for field in SMALL_MARKET for word in ("--set", field)]
    first = sitsim(*words, "--programme", "strip,fixed_price", *QUICK)
    assert first.exit_code == 0, first.stderr
    said = one_line(first.stdout)
    assert re.search(
        r"In the market, over 2 seeds, strip leaves a bill of USD [\d,]+\. Trading it there", said
    )
    folder = read_hedge_folder("runs/hedge-plain-seed1")
    table = folder.tables["in_market"]
    assert table["seeds"].eq(2).all()
    bill = table[table["measure"] == "hedged_bill_usd"].set_index("step")["mean"]
    levels = [step for step in bill.index if not step.startswith("+")]
    added = [step for step in bill.index if step.startswith("+")]
    assert bill[levels[0]] + bill[added].sum() == pytest.approx(bill[levels[-1]])
    runs = {path: path.stat().st_mtime_ns for path in Path("runs/company-runs").glob("*/manifest.json")}
    assert len(runs) == 2
    sitsim(*words, "--programme", "strip", "--quiet", *QUICK)
    assert runs == {
        path: path.stat().st_mtime_ns for path in Path("runs/company-runs").glob("*/manifest.json")
    }


def test_where_the_money_carries_nothing_asked_for_smaller_hedges_are_tried():
    words = (
        "--spend",
        "2e6",
        "--cash",
        "2e5",
        "--scenario",
        "baseline",
        "--programme",
        "strip,stack",
        *QUICK,
    )
    result = sitsim(*words)
    said = one_line(result.stdout)
    found = re.search(
        r"none of the futures programmes asked for; at a size that it does: (strip:0\.\d+)\.", said
    )
    assert found
    folder = read_hedge_folder("runs/hedge-baseline-seed1")
    assert folder.manifest["programmes"] == ["none", "strip", "stack", found[1]]
    assert said.startswith(f"Take {found[1]}:")


def test_a_hedge_that_is_given_up_for_want_of_free_funds_is_one_that_money_limits():
    """Treasuries of the baseline give up at a quarter of margin, long before the last cash is gone."""
    words = ("--spend", "2e6", "--cash", "1.2e6", "--programme", "strip:0.8", *QUICK)
    said = one_line(sitsim(*words).stdout)
    assert re.search(
        r"Money limits it: .* strip:0\.8 is given up in \d+\.\d % of paths, .* under 25 % of", said
    )
    assert "Money does not limit it" not in said
    deep = one_line(sitsim(*words, "--set", "agents.enterprises.programme.abandon_below=0").stdout)
    assert "given up in" not in deep


def test_an_unforeseen_shift_in_every_path_is_no_risk_and_is_told():
    result = sitsim("--spend", "2e6", "--programme", "strip", "--months", "3", *QUICK)
    assert "moves by 51 % on every path and the futures curve does not see it coming" in one_line(
        result.stdout
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--spend -5", "--spend: -5.0 is not in (0, 1e+12] USD a month"),
        ("--spend nan", "--spend: nan is not in"),
        ("", "--spend, --needs: neither is given, one is needed"),
        ("--spend 1 --needs x.csv", "--spend, --needs: both are given"),
        ("--needs x.csv --months 3", "--months: 3 is not allowed with --needs"),
        ("--needs x.csv", "x.csv: cannot be read: No such file or directory"),
        ("--spend 1 --cash -3", "--cash: -3.0 is not >= 0 USD"),
        ("--spend 1 --credit 5", "--credit: 5.0 is not 0 where cash is not limited"),
        ("--spend 1 --programme foo", "--programme: 'foo' is not one of none, strip[:COVERAGE]"),
        ("--spend 1 --programme strip:3", "programme 'strip:3': coverage: 3.0 is not in [0, 2]"),
        ("--spend 1 --programme strip,,layered", "--programme: '' is not one of"),
        ("--spend 1 --programme rolling:40", "programme 'rolling:40': lead_months: 40 is not <= 11"),
        ("--spend 1 --months 0", "--months: 0 is not a whole number in [1, 120]"),
        ("--spend 1 --paths 99", "--paths: 99 is not at least 100"),
        ("--spend 1 --paths 9999999", "--paths: 9999999 is not at most "),
        ("--spend 1 --paths 99999999999", "--paths: 99999999999 is not a whole number in [1, 10000000]"),
        ("--spend 1 --seed -1", "--seed: -1 is not"),
        ("--spend 1 --half-spread 4", "--half-spread: 4.0 is not in [0, 0.5]"),
        ("--spend 1 --scenario nope", "nope is not a packaged scenario"),
        ("--spend 1 --scenario negative_price_2020", "the laboratory has no dislocations in USD"),
        ("--spend 1 --set foo=1", "foo: unknown key"),
        ("--spend 1 --in-market 1", "--in-market: 1 is not in [2, 1000]"),
        ("--spend 1 --in-market -1", "--in-market: -1 is not in [2, 1000]"),
        ("--spend 1 --in-market 2 --jobs 0", "--jobs: 0 is not >= 1"),
        ("--spend 1 --in-market 2 --programme fixed_price", "none of the programmes trades futures"),
        ("--spend 1e12 --in-market 2", "agents.companies.0"),
        ("--spend 1 --prices x.csv", "x.csv: cannot be read"),
    ],
)
def test_impossible_input_is_one_line_and_writes_nothing(words, complaint, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    result = sitsim(*words.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_an_output_folder_that_cannot_be_made_is_found_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    result = sitsim("--spend", "1", "--out", "file")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "sitsim: file/hedge-demand_explosion-seed1: cannot be written: file is not a folder\n"
    )


def test_the_command_in_the_folder_makes_the_same_folder_again(needs, prices):
    first = sitsim("--needs", needs, "--prices", prices, "--cash", "1234567.5", "--scenario", "baseline",
                   "--programme", "strip,layered", "--set", "exchange.taker_fee_usd=0.75",
                   "--quiet", *QUICK)  # fmt: skip
    folder = read_hedge_folder(first.stdout.strip())
    words = shlex.split(folder.manifest["command"])
    assert words[:2] == ["sitsim", "hedge"]
    again = read_hedge_folder(sitsim(*words[2:], "--quiet", "--no-report").stdout.strip())
    assert again.tables["paths"].equals(folder.tables["paths"])
    assert again.manifest["frictions"] == folder.manifest["frictions"]
    assert folder.manifest["frictions"]["fee_usd_per_lot"] == 0.75


def test_providers_without_a_history_are_typical_ones_and_that_is_said(needs):
    result = sitsim("--needs", needs, "--scenario", "baseline", "--programme", "strip", *QUICK)
    assert result.exit_code == 0
    said = one_line(result.stdout)
    assert "a typical provider of the scenario (no --prices, a history of nimbus, strato)" in said
    unnamed = sitsim("--spend", "1e5", "--months", "1", "--programme", "strip", *QUICK)
    assert one_line(unnamed.stdout).count("a typical provider of the scenario Money") == 1


def test_the_half_spread_of_the_command_is_that_of_a_company():
    assert inspect.signature(commands.hedge).parameters["half_spread"].default == HALF_SPREAD


def test_a_missing_month_is_named(tmp_path):
    (tmp_path / "gap.csv").write_text("month,mSIT\n1,5\n3,5\n")
    result = sitsim("--needs", "gap.csv")
    assert (result.exit_code, result.stderr) == (2, "sitsim: gap.csv: month: 2 is missing between 1 and 3\n")

"""A company in the market against the laboratory on the same prices: the steps between are all there is."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest

from abm.agents.hedgers.treasury import AbandonmentRule
from abm.core.errors import ParameterError, RunFolderError, ScenarioError, SitsimError
from abm.experiments import company_in_market
from abm.experiments.company_replay import (
    IDEAL,
    MARKET,
    Replay,
    _foreseen_shift,
    _path,
    _side_by_side,
    average_margin_rate,
    observe_run,
    replay_steps,
)
from abm.experiments.company_terms import (
    market_process,
    programme_fields,
    replay_listing,
    with_company,
)
from abm.experiments.intervals import jackknifed, mean_of
from abm.hedging import CustomHedge, Frictions, FuturesHedge, HedgeStudy, Need, ProviderBasis, QuantityRisk
from abm.hedging.curve import MonthCurve
from abm.hedging.from_scenario import scenario_frictions
from abm.hedging.paths import with_foreseen_level
from abm.market.assembly import foundations
from abm.recording import read_run
from abm.scenario import Scenario

ROUNDS, MONTH, HORIZON = 6, 5, 4
SMALL = {
    "calendar.rounds_per_day": ROUNDS,
    "calendar.days_per_month": MONTH,
    "contract.listed_months": 6,
    "exchange.sessions.opening_auction": 0.0,
    "agents.enterprises.count": 20,
    "agents.noise.count": 30,
    "run.population_seed": 7,
    "spot.level_shift.log_size": 0.3,
    "spot.level_shift.start_day": 7,
    "spot.level_shift.duration_days": 6,
}
SEEDS = (1, 2)
NEEDS = (20_000.0, 0.0, 30_000.0, 25_000.0)
HEDGE = FuturesHedge("layered", band_share=0.02)
EAGER = {"actions_per_day": 40.0, "cross_probability": 1.0, "slice_share": 1.0}


def small(**fields) -> Scenario:
    return Scenario().replace(SMALL | fields)


def company(scenario: Scenario, **changes) -> HedgeStudy:
    terms = {
        "need": Need(NEEDS, QuantityRisk(2.0, 20.0, 0.3)),
        "basis": ProviderBasis(multiple=1.2),
        "frictions": Frictions(funding_rate=0.05, cash_usd=2e6, credit_usd=1e5, ramp_days=3),
        "horizon_months": HORIZON,
    }
    return HedgeStudy.from_scenario(scenario, [], **(terms | changes))


def called(place, **changes):
    terms = {"seeds": SEEDS, "jobs": 1, "out": place, "execution": EAGER}
    return company_in_market(small(), company(small()), HEDGE, **(terms | changes))


@cache
def checked():
    """A check of two seeds, and where its runs are."""
    place = Path(mkdtemp(prefix="company-in-market-"))
    return place, called(place)


@pytest.fixture(autouse=True, scope="module")
def _leave_nothing_behind():
    yield
    if checked.cache_info().currsize:
        place = checked()[0]
        for file in sorted(place.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        place.rmdir()


@cache
def replay_of_the_runs():
    check = checked()[1]
    study, market = company(small()), check.scenario
    listing, process = replay_listing(market, study), market_process(market, study)
    seen = [
        observe_run(folder, market.replace({"run.seed": seed}), process, listing, "my_company")
        for seed, folder in zip(SEEDS, check.folders, strict=True)
    ]
    return Replay(seen, market, study, process, listing)


def levels_of(study: HedgeStudy, scenario: Scenario | None = None) -> dict[str, np.ndarray]:
    """Hedged bills of each replay of the same two runs, for a company with other frictions."""
    replay = replace(replay_of_the_runs(), study=study)
    steps = replay_steps(scenario or small(), study, HEDGE, replay.listing)
    return {step.name: replay.laboratory(step).hedged_usd for step in steps}


def test_the_replay_pays_the_bills_of_the_run_to_the_cent():
    check = checked()[1]
    for seed, folder in zip(SEEDS, check.folders, strict=True):
        own = read_run(folder).tables["hedging"].query("name == 'my_company' and month > 0")
        for _, months in check.bills[check.bills["seed"] == seed].groupby("step"):
            np.testing.assert_array_equal(months["unhedged_bill_usd"], own["bill_usd"])
            np.testing.assert_array_equal(months["budget_usd"], own["budget_usd"])
        np.testing.assert_allclose(own["expected_need_msit"], NEEDS)
        assert (own["need_msit"] != own["expected_need_msit"]).sum() == 3
    replay = replay_of_the_runs()
    np.testing.assert_array_equal(replay.used.need_msit[1], 0.0)


def test_the_hedged_bill_of_the_market_is_net_cost_and_what_the_money_could_have_earned():
    check = checked()[1]
    own = read_run(check.folders[0]).tables["hedging"].query("name == 'my_company'").set_index("month")
    paid = own["net_cost_usd"] + own["margin_cost_usd"]
    before = paid[0] - own["bill_usd"][0]  # fees and margin of month 0, when nothing had settled
    assert before > 0.0
    hedged = check.bills.query("seed == 1 and step == @MARKET").set_index("month")["hedged_bill_usd"]
    np.testing.assert_allclose(hedged, paid[1:] + np.array([before, 0.0, 0.0, 0.0]))
    assert own["hedge_lots_at_delivery"][3] > 5
    money = read_run(check.folders[0]).tables["accounts"]
    mine = money[money["account"] == own["account"].iloc[0]]
    paid_so_far = -mine["variation_usd_micro"].cumsum() + mine["initial_margin_usd_micro"]
    (row,) = check.by_seed.query("seed == 1 and step == @MARKET").itertuples()
    assert row.peak_cash_usd == paid_so_far.max() / 1e6
    assert not row.given_up


def test_the_company_holds_nothing_beyond_the_last_month_of_the_study():
    check = checked()[1]
    tables = read_run(check.folders[0]).tables
    account = tables["hedging"].query("name == 'my_company'")["account"].iloc[0]
    positions = tables["positions"]
    held = positions[positions["account"] == account].groupby("month")["lots"].max()
    assert held.index.tolist() == [1, 3, 4]  # nothing is needed in month 2
    assert check.scenario.run.days == (HORIZON + 1) * MONTH


def test_the_steps_add_up_to_the_market():
    table = checked()[1].table
    assert table.columns.tolist() == ["step", "measure", "mean", "low", "high", "seeds"]
    for _, rows in table.groupby("measure"):
        means = rows.set_index("step")["mean"]
        added = means[means.index.str.startswith("+")]
        assert len(added) == 5
        assert means[IDEAL] + added.sum() == pytest.approx(means[MARKET], rel=1e-12)
    bills = table.query("measure == 'hedged_bill_usd'").set_index("step")["mean"]
    assert bills["+ fees"] > 0.0
    assert abs(bills["+ execution and spread"]) < 0.01 * bills[MARKET]


def test_each_measure_is_its_formula_on_the_bills():
    check = checked()[1]
    for (seed, step), months in check.bills.groupby(["seed", "step"]):
        needed = months[months["budget_usd"] > 0]
        spread = [
            (needed[f"{kind}_bill_usd"] / needed["budget_usd"]).std() for kind in ("hedged", "unhedged")
        ]
        row = check.by_seed.set_index(["seed", "step"]).loc[(seed, step)]
        assert row["volatility_reduction_within"] == pytest.approx(1.0 - spread[0] / spread[1])
        assert row["hedged_bill_usd"] == pytest.approx(months["hedged_bill_usd"].sum())
    for step, rows in check.by_seed.groupby("step"):
        shares = [(rows[f"{kind}_bill_usd"] / rows["budget_usd"]).std() for kind in ("hedged", "unhedged")]
        found = check.table.set_index(["step", "measure"]).loc[(step, "volatility_reduction_across")]
        assert found["mean"] == pytest.approx(1.0 - shares[0] / shares[1])
        assert math.isnan(found["low"])  # leaving one of two out leaves no spread


@pytest.mark.parametrize(
    ("planted", "fields", "step"),
    [
        ({"ramp_days": 9}, {}, "built up, whole lots, band"),
        ({}, {"exchange.taker_fee_usd": 20.0}, "with fees"),
        ({"funding_rate": 2.0}, {}, "with cost of funds"),
        ({"cash_usd": 1_000.0, "credit_usd": 0.0}, {}, "with cash, credit and treasury"),
        ({"abandonment": AbandonmentRule(500.0, 600.0, 1, 30)}, {}, "with cash, credit and treasury"),
    ],
)
def test_a_planted_friction_moves_its_own_step_and_those_after_it(planted, fields, step):
    plain = company(small())
    usual = levels_of(plain)
    moved = levels_of(plain.replace(frictions=replace(plain.frictions, **planted)), small(**fields))
    names = list(usual)
    changed = [name for name in names if not np.array_equal(usual[name], moved[name])]
    assert changed[0] == step
    for before, after in pairwise(names):
        added = {name: levels[after] - levels[before] for name, levels in (("u", usual), ("m", moved))}
        same = np.allclose(added["u"], added["m"], rtol=1e-9, atol=1e-6)
        # Lots that are bought later pay margin and fees later: only building up moves the steps after it.
        assert same == (after != step) or "ramp_days" in planted


def test_costs_are_those_of_the_market():
    """Alone among the steps, the fee can be counted by hand: whole lots bought, none sold before delivery."""
    replay, study = replay_of_the_runs(), company(small())
    steps = {step.name: step for step in replay_steps(small(), study, HEDGE, replay.listing)}
    built, with_fees = (steps[name] for name in ("built up, whole lots, band", "with fees"))
    paid = replay.laboratory(with_fees).hedged_usd - replay.laboratory(built).hedged_usd
    rows = pd.concat(read_run(folder).tables["hedging"] for folder in checked()[1].folders)
    lots = rows[rows["name"] == "my_company"].groupby("month")["hedge_lots_at_delivery"].sum()
    assert paid.sum() == pytest.approx(0.5 * lots.sum(), rel=0.05)
    assert with_fees.frictions.initial_margin_rate == pytest.approx(0.12 * 1.1)


def test_the_margin_rate_of_the_replay_is_the_mean_over_what_the_programme_holds():
    """Months 1 to 4 as seen from months 0 to 3; near up to tenor 1; shares are .75 to tenor 3, then .5."""
    market = small(**{"clearing.margin.far_from_tenor": 2})
    study = company(market)
    near = 0.75 * (20 + 0 + 30 + 25)
    far = 0.75 * 30 + 0.5 * 25 + 0.75 * (30 + 25) + 0.75 * 25
    expected = 1.1 * (0.12 * near + 0.08 * far) / (near + far)
    listing = replay_listing(market, study)
    assert average_margin_rate(market, study, HEDGE, listing) == pytest.approx(expected)
    modelled = market.replace({"clearing.margin.model": "ewma"})
    assert average_margin_rate(modelled, study, HEDGE, listing) == pytest.approx(0.12 * 1.1)


def test_a_second_call_repeats_no_run():
    place, check = checked()
    stamps = {folder: (folder / "manifest.json").stat().st_mtime_ns for folder in check.folders}
    again = called(place)
    assert {folder: (folder / "manifest.json").stat().st_mtime_ns for folder in again.folders} == stamps
    assert len(list(place.iterdir())) == 2
    for frame in ("table", "by_seed", "bills"):
        pd.testing.assert_frame_equal(getattr(again, frame), getattr(check, frame))


DRIFTING = {"spot.long_run.volatility": 0.3, "spot.long_run.drift": 0.1}
STRESSED = {"spot.stress.entries_per_year": 20.0, "spot.stress.sigma": 1.0, "spot.stress.level": 0.2}
AT_RANDOM = {"spot.level_shift.intensity_per_year": 25.0, "spot.level_shift.start_day": 0}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"spot.level_shift.foreseen": True},
        {"index.method": "process"},
        {"index.quote_dynamics": "list_prices"},
        {"index.method": "chained_fisher", "contract.final_fixings": 2},
        DRIFTING,
        STRESSED | DRIFTING,
        AT_RANDOM,
    ],
)
def test_the_laboratorys_curve_on_a_runs_fixings_is_the_model_curve_of_the_run(fields):
    scenario = small(**fields)
    study = company(scenario, need=1_000.0, horizon_months=2)
    listing, process = replay_listing(scenario, study), market_process(scenario, study)
    days = range(listing.last_day + 1)
    desk = foundations.lay_foundations(scenario, 1).desk
    models = []
    for day in days:
        if day > 0:
            desk.advance_to(day)
        models.append(desk.model_curve_usd(day, 3 - day // MONTH))
    fixings = np.array([fixing.usd_micro for fixing in desk.fixings]) / 1e6
    path = _path(scenario.replace({"run.seed": 1}), process, listing, fixings, Path())
    moves = _foreseen_shift(scenario)
    curve = MonthCurve(with_foreseen_level(process, moves), listing, moves, list(days), largest_deviation=3.0)
    for day, model in zip(days, models, strict=True):
        months = range(max(day // MONTH, 1), 3)
        mine = curve.prices(day, months, path)[:, 0]
        np.testing.assert_allclose(mine, model[-len(months) :], rtol=1e-9)


def test_a_run_whose_prices_this_version_does_not_draw_is_refused():
    replay, folder = replay_of_the_runs(), checked()[1].folders[0]
    other = replay.scenario.replace({"run.seed": 2})
    with pytest.raises(RunFolderError, match=r"its fixings are not those that this version"):
        observe_run(folder, other, replay.process, replay.listing, "my_company")


def test_the_budget_of_the_run_is_the_laboratorys_expectation():
    replay = replay_of_the_runs()
    own = replay.study.replace(listing=replay.listing, programmes=["none"], shifts=None, mark_every_days=1)
    paths = _side_by_side([run.paths for run in replay.runs])
    np.testing.assert_allclose(own.run(paths, replay.used).expected_bill_usd, replay.budget_usd, rtol=1e-9)


@pytest.mark.parametrize(
    "hedge",
    [
        FuturesHedge("strip", coverage=0.8, tail_rate=0.05, band_share=0.1),
        FuturesHedge("layered", near_ratio=0.9, mid_ratio=0.6, far_ratio=0.1),
        FuturesHedge("rolling", lead_months=3, roll_days=4, coverage=1.1),
        FuturesHedge("stack", stack_tenor=2, roll_days=3, stack_scaling="kappa"),
        FuturesHedge("minimum_variance", estimation_days=40, window_months=3, with_quantity=True),
    ],
)
def test_a_programme_is_the_same_there_and_back(hedge):
    frictions = Frictions(funding_rate=0.05, ramp_days=4, abandonment=AbandonmentRule(0.5, 1.5, 2, 6))
    fields = programme_fields(hedge, frictions, kappa=4.0)
    back = HedgeStudy.from_scenario(small(**{"agents.enterprises.programme": fields})).hedges[1]
    expected = replace(hedge, stack_scaling=4.0) if hedge.kind == "stack" else hedge
    assert back == expected
    own = scenario_frictions(small(**{"agents.enterprises.programme": fields}))
    assert (own.funding_rate, own.ramp_days, own.abandonment) == (0.05, 4, frictions.abandonment)


def test_the_company_trades_as_enterprises_do_unless_it_is_told_otherwise():
    market = small(**{"agents.enterprises.programme.cross_probability": 0.9})
    joined = with_company(market, company(market), HEDGE, name="ann", execution={"slice_share": 1.0})
    (own,) = joined.agents.companies
    assert (own.programme.cross_probability, own.programme.slice_share) == (0.9, 1.0)
    assert own.need_volatility == pytest.approx(2.0 / math.sqrt(40.0))
    assert own.need_reversion_per_day == pytest.approx(20.0 / 60.0)
    again = with_company(joined, company(market), HEDGE, name="bob")
    assert [one.name for one in again.agents.companies] == ["ann", "bob"]
    assert again.agents.companies[0] == own
    rich = company(market, frictions=Frictions())
    assert with_company(market, rich, HEDGE, name="ann").agents.companies[0].cash_usd > 1e7


def test_the_ideal_hedge_has_neither_band_nor_lots_nor_days_of_building_up():
    study = company(small())
    wide = replace(HEDGE, band_share=0.9)
    listing = replay_listing(small(), study)
    steps, banded = (replay_steps(small(), study, hedge, listing) for hedge in (HEDGE, wide))
    ideal = steps[0]
    assert ideal == banded[0]
    assert (ideal.hedge.band_share, ideal.frictions.whole_lots, ideal.frictions.ramp_days) == (0.0, False, 1)
    assert ideal.frictions.fee_usd_per_lot == ideal.frictions.funding_rate == 0.0
    assert ideal.frictions.cash_usd == math.inf
    assert banded[1].hedge.band_share == 0.9


def test_a_run_is_recorded_well_enough_to_be_replayed():
    for asked, kept in (("summary", "daily"), ("daily", "daily"), ("full", "full")):
        market = small(**{"recording.profile": asked})
        joined = with_company(market, company(market), HEDGE, name="ann")
        assert joined.recording.profile == kept


def test_a_run_that_fails_is_one_line_with_its_seed(monkeypatch):
    def fail(scenario, *, seed, out):
        raise ZeroDivisionError("a fault\nof ours")

    monkeypatch.setattr(import_module("abm.experiments.sweep"), "market_run", fail)
    with pytest.raises(SitsimError, match=r"^2 of 2 runs failed; seed 4: ZeroDivisionError: a fault of ours"):
        company_in_market(small(), company(small()), HEDGE, seeds=(4, 5), jobs=1)


OTHER_CONTRACT = {"contract.contract_size_msit": 500}


@pytest.mark.parametrize(
    ("fields", "hedge", "changes", "line"),
    [
        ({}, "fixed_price", {}, "hedge: 'fixed_price' is not a rule of futures"),
        ({}, "committed_spend", {}, "hedge: 'committed_spend' is not a rule of futures"),
        ({}, "none", {}, "hedge: 'none' is not a rule of futures"),
        ({}, CustomHedge("mine", lambda view: view.need_lots), {}, "hedge: 'mine' is not a rule of futures"),
        ({}, 7, {}, "hedge: '7' is not a rule of futures"),
        ({}, FuturesHedge("layered", first_mid_tenor=2), {}, "hedge: first_mid_tenor, first_far_tenor: "),
        ({}, "strip+tail:0.03", {}, "hedge: tail_rate: 0.03 is not 0 or 0.05"),
        ({}, "rolling:9", {}, "lead_months: 9 is not <= 5: 6 months are listed"),
        ({}, "hope", {}, "programme: 'hope' is not one of none"),
        (OTHER_CONTRACT, "strip", {}, "study.listing.contract_size_msit: 1000.0 is not 500.0"),
        ({"contract.final_fixings": 2}, "strip", {}, "study.listing.final_fixings: 5 is not 2"),
        ({"calendar.days_per_month": 6}, "strip", {}, "study.listing.days_per_month: 5 is not 6"),
        ({"spot.kappa": 9.0}, "strip", {}, "study.process: a price of .* is not that of scenario"),
        ({"spot.dislocation.size": 0.5}, "strip", {}, "spot.dislocation.size: 0.5 is not 0"),
        (
            AT_RANDOM | {"spot.level_shift.foreseen": True}, "strip", {},
            "spot.level_shift.foreseen: True is not False: shifts at random",
        ),
        ({}, "strip", {"name": "a b"}, 'agents.companies.0.name: "a b" is not 1 to 64'),
        ({}, "strip", {"provider": 12}, r"provider: 12 is not in \[0, 11\]"),
        ({}, "strip", {"execution": {"ratio": 1}}, "execution: ratio is not one of actions_per_day"),
        ({}, "strip", {"execution": {"slice_share": 2}}, "agents.companies.0.programme.slice_share: 2"),
        ({}, "strip", {"jobs": 0}, "jobs: 0 is not >= 1"),
        ({}, "strip", {"seeds": []}, "seeds: .. is not a sequence"),
        ({}, "strip", {"study": "layered"}, "study: str is not a HedgeStudy"),
    ],
)  # fmt: skip
def test_what_the_market_cannot_have_is_refused_in_one_line(fields, hedge, changes, line):
    given = {"seeds": SEEDS, "jobs": 1, "study": company(small())} | changes
    with pytest.raises((ParameterError, ScenarioError), match=f"^{line}") as refusal:
        company_in_market(small(**fields), given.pop("study"), hedge, **given)
    assert "\n" not in str(refusal.value)


def test_a_horizon_longer_than_a_run_can_be_is_refused(monkeypatch):
    monkeypatch.setattr("abm.experiments.company_terms.LONGEST_RUN_DAYS", 24)
    with pytest.raises(ParameterError, match=r"^study.listing.horizon_months: 4 is not a horizon"):
        company_in_market(small(), company(small()), HEDGE, seeds=SEEDS, jobs=1)


def test_intervals_of_a_mean_are_students_and_a_jackknife_of_a_mean_is_the_same():
    values = np.array([1.0, 4.0, 2.0, 5.0])
    found = mean_of(values)
    assert found.mean == 3.0
    assert found.high - 3.0 == pytest.approx(3.182446 * math.sqrt(10.0 / 3.0) / 2.0, rel=1e-6)
    assert list(jackknifed(lambda kept: values[kept].mean(), 4)) == pytest.approx(list(found))
    assert mean_of(np.array([1.0, math.nan]))[::3] == (1.0, 1)
    assert math.isnan(mean_of(np.array([1.0, math.nan])).low)
    assert mean_of(np.array([math.nan])).seeds == 0

"""Studies of one company: what they compare, what they refuse, and what they leave."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from company import DEMAND_EXPLOSION
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.agents.hedgers.minimum_variance import MinimumVarianceRatios
from abm.core.errors import ParameterError, ScenarioError
from abm.hedging import (
    LIQUIDITY_CONVENTIONS,
    Consumption,
    CustomHedge,
    FixedShift,
    Frictions,
    FuturesHedge,
    HedgeStudy,
    Listing,
    Need,
    ProviderBasis,
    QuantityRisk,
    RandomShifts,
    measures,
    observed_paths,
)
from abm.hedging.from_scenario import scenario_frictions
from abm.recording import read_hedge_folder
from abm.recording.hedge_schemas import CONVENTIONS
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium

RISKY = {"basis": ProviderBasis(0.1), "need": Need(1_000.0, QuantityRisk(0.15, 1.0, 0.3))}


def study(programmes=("strip",), **terms):
    return HedgeStudy(DEMAND_EXPLOSION, programmes, **({"paths": 300} | terms))


def test_the_cost_of_a_premium_is_what_the_curve_asks_beyond_expectation():
    """A strip pays coverage x need x (F_Q - F_P), known on day 0; prices add luck but no cost."""
    process = replace(DEMAND_EXPLOSION, premium=RiskPremium(jump_tilt=0.6))
    result = HedgeStudy(process, ["strip:0.8", "rolling:1", "none"], paths=2_000).run()
    times = np.arange(1, 253).reshape(12, 21) / 252
    asked, expected = (process.average_price_forward(0.0, times, 0.0, (), measure) for measure in "QP")
    cost = 0.8 * 1_000.0 * (asked - expected)
    np.testing.assert_allclose(result["strip:0.8"].premium_usd, np.tile(cost[:, None], 2_000), rtol=1e-9)
    assert result.cost_usd("strip:0.8")["total"] == pytest.approx(cost.sum())
    assert result.cost_usd("strip:0.8")["premium"] > 0.02 * result.bill_usd.sum(axis=0).mean()
    for word in ("strip:0.8", "rolling:1"):
        extra = (result[word].bill_usd - result.bill_usd).sum(axis=0) - result[word].premium_usd.sum(axis=0)
        assert abs(extra.mean()) < 4.0 * extra.std() / math.sqrt(extra.size)
    assert set(result.cost_usd("none").values()) == {0.0}


def test_nothing_beyond_the_listed_months_is_hedged_but_by_rolling():
    listing = Listing(24, 6)
    result = study(["strip"], listing=listing, paths=50).run()
    bought_late = result["strip"].gain_usd
    # The first six months are bought on day 0; later ones when they are listed, so that nothing is left open.
    assert (np.abs(result["strip"].bill_usd[:6].std(axis=1)) < 1e-6).all()
    assert (result["strip"].bill_usd[6:].std(axis=1) > 1.0).all()
    assert (result["strip"].lots_at_delivery == 1.0).all()
    assert bought_late.shape == (24, 50)
    assert len(result.across_paths("strip")) == 2
    assert len(result.across_paths("strip", "month")) == 24


def test_a_users_own_programme_trades_like_the_rule_that_it_copies():
    seen = []

    def like_a_strip(view):
        seen.append(view)
        return 0.7 * view.need_lots

    custom = CustomHedge("mine", like_a_strip)
    result = study([custom, "strip:0.7"], frictions=Frictions(half_spread=0.01), **RISKY).run()
    np.testing.assert_allclose(result["mine"].bill_usd, result["strip:0.7"].bill_usd, rtol=1e-12)
    assert seen[0].months.tolist() == list(range(1, 13))
    assert seen[0].front_month == 0
    assert seen[3].held_lots.shape == seen[3].prices_usd.shape == (11, 300)
    for wrong, message in (
        (lambda view: np.ones(3), r"programme mine: an array of shape \(3,\) is not of shape \(12,\)"),
        (lambda view: view.need_lots * math.nan, "programme mine: a target is not a finite number"),
    ):
        with pytest.raises(ParameterError, match=message):
            study([CustomHedge("mine", wrong)]).run()


def test_a_programme_that_sees_prices_may_buy_when_they_are_low():
    patient = CustomHedge(
        "patient", lambda view: np.where(view.prices_usd < 1.1, view.need_lots[:, None], view.held_lots)
    )
    result = study([patient], paths=500).run()
    held = result["patient"].lots_at_delivery
    assert 0.05 < (held == 0.0).mean() < 0.95
    assert set(np.unique(held)) == {0.0, 1.0}


@settings(max_examples=6)
@given(coverage=st.floats(0.0, 2.0), need=st.floats(100.0, 5_000.0))
def test_whole_lots_are_never_more_than_half_a_lot_from_the_target(coverage, need):
    hedge = FuturesHedge("strip", coverage=coverage)
    result = study([hedge], need=need, paths=2, frictions=Frictions(whole_lots=True)).run()
    lots = result["strip"].lots_at_delivery
    assert (lots == np.rint(lots)).all()
    assert (np.abs(lots - coverage * need / 1_000.0) <= 0.5 + 1e-9).all()


def test_a_no_trade_band_trades_less_and_stays_within_it():
    needs = 1_000.0 + 30.0 * np.arange(12.0)
    words = ["rolling:2", "rolling:2+band:0.3", "layered", "layered+band:0.3"]
    result = study(words, need=Need(needs), paths=20, frictions=Frictions(half_spread=0.01)).run()
    assert result.cost_usd("layered+band:0.3")["spread"] < result.cost_usd("layered")["spread"]
    gap = result["layered"].lots_at_delivery - result["layered+band:0.3"].lots_at_delivery
    assert (np.abs(gap) <= 0.3 * needs[:, None] / 1_000.0 + 1e-12).all()
    assert np.abs(gap).max() > 0.0
    np.testing.assert_array_equal(result["rolling:2+band:0.3"].bill_usd, result["rolling:2"].bill_usd)


def test_building_up_over_days_and_tailing_change_positions_as_they_say():
    tailed = FuturesHedge("strip", "tailed", tail_rate=0.10)
    result = study(["strip", tailed], paths=5).run()
    held = result["tailed"].lots_at_delivery
    assert (held < 1.0).all()
    # Looked at a day before delivery begins, 21 days before the month's last fixing.
    assert held[5] == pytest.approx(math.exp(-0.10 * 21 / 252), rel=1e-3)
    slow = study(["strip"], paths=5, frictions=Frictions(ramp_days=15)).run()["strip"]
    assert slow.margin_usd[0, 0] == pytest.approx(
        study(["strip"], paths=5).run()["strip"].margin_usd[0, 0] / 15
    )


def test_rolling_a_stack_is_what_its_costs_are_for():
    terms = Frictions(half_spread=0.01, fee_usd_per_lot=1.0)
    result = study(["stack", "strip"], frictions=terms).run()
    stack, strip = result.cost_usd("stack"), result.cost_usd("strip")
    assert strip["roll"] == 0.0
    assert stack["roll"] > 3.0 * strip["total"]
    paid = result["stack"].spread_usd.sum(axis=0) + result["stack"].fees_usd.sum(axis=0)
    assert stack["spread"] + stack["fees"] + stack["roll"] == pytest.approx(paid.mean())


def test_a_fixed_price_leaves_quantity_risk_only_and_committed_spend_a_floor():
    words = ["fixed_price:0.05", "committed_spend:0.1:0.95"]
    plain = study(words, paths=2_000).run()
    times = np.arange(1, 253).reshape(12, 21) / 252
    price = np.mean(DEMAND_EXPLOSION.average_price_forward(0.0, times, 0.0))
    np.testing.assert_allclose(plain[words[0]].bill_usd, 1.05 * 1_000.0 * price, rtol=1e-9)
    assert plain.cost_usd(words[0])["total"] == pytest.approx(0.05 * 12_000.0 * price)
    assert plain.peak_liquidity_usd(words[0], 0.99) == 0.0
    year = plain[words[1]].bill_usd.sum(axis=0)
    promised = 0.95 * plain.expected_bill_usd.sum(axis=0)
    np.testing.assert_allclose(year, np.maximum(0.9 * plain.bill_usd.sum(axis=0), promised), rtol=1e-9)
    assert 0.1 < (year > promised * (1 + 1e-9)).mean() < 0.9
    risky = study(words, **RISKY).run()
    ratio = risky[words[0]].bill_usd / risky.need_msit
    np.testing.assert_allclose(ratio, 1.05 * price, rtol=1e-9)
    two_years = study([words[0]], listing=Listing(24)).run()[words[0]].bill_usd
    assert two_years[:12].std(axis=1).max() < 1e-9 < 1.0 < two_years[12:].std(axis=1).min()


def test_more_paths_keep_the_whole_blocks_that_there_were():
    brief = {"listing": Listing(2), **RISKY}
    small, large = study(paths=2_500, **brief).run(), study(paths=3_000, **brief).run()
    np.testing.assert_array_equal(large.bill_usd[:, :2_500], small.bill_usd)
    np.testing.assert_array_equal(study(**RISKY).run().bill_usd, study(**RISKY).run().bill_usd)
    assert (study(seed=2).run().bill_usd != study(seed=1).run().bill_usd).any()


def test_marks_every_day_change_peaks_and_nothing_else():
    weekly, daily = (study(["layered"], mark_every_days=days, **RISKY).run() for days in (5, 1))
    np.testing.assert_allclose(daily["layered"].bill_usd, weekly["layered"].bill_usd, rtol=1e-10)
    assert (daily["layered"].peak_usd["variation"] >= weekly["layered"].peak_usd["variation"] - 1e-9).all()
    assert daily["layered"].variation_usd.shape == (253, 300)


def test_given_paths_and_bills_are_replayed():
    first = study(["layered", "strip"], basis=ProviderBasis(0.1)).run()
    spot = DEMAND_EXPLOSION.simulate(Listing().years, 7, np.random.default_rng(1)).price_usd.T
    paths = observed_paths(DEMAND_EXPLOSION, Listing(), spot)
    assert first.bill_usd.shape[1] == 300
    bills = Consumption(np.full((12, 7), 1_000.0), 1_000.0 * spot[1:].reshape(12, 21, 7).mean(axis=1))
    again = study(["strip"]).run(paths, bills)
    np.testing.assert_allclose(again["strip"].bill_usd, np.repeat(again["strip"].bill_usd[:, :1], 7, axis=1))
    market = Listing(11, 12, first_day=0)
    run = DEMAND_EXPLOSION.simulate(np.arange(252) / 252, 3, np.random.default_rng(2)).price_usd.T
    replayed = study(["strip"], listing=market).run(observed_paths(DEMAND_EXPLOSION, market, run))
    assert replayed.within_a_path("strip") == pytest.approx([1.0] * 3, abs=1e-6)
    with pytest.raises(ParameterError, match=r"used.bill_usd: of shape \(12, 6\) is not \(12, 7\)"):
        study().run(paths, Consumption(bills.need_msit, bills.bill_usd[:, :6]))
    with pytest.raises(ParameterError, match=r"spot_usd: an array of shape \(200, 7\) is not"):
        observed_paths(DEMAND_EXPLOSION, Listing(), spot[:200])
    with pytest.raises(ParameterError, match=r"spot_usd: 0\.0 is not a finite number > 0"):
        observed_paths(DEMAND_EXPLOSION, Listing(), spot * 0.0)


def test_minimum_variance_on_many_paths_is_each_paths_own_estimate():
    """A path learns from its own prices and bills only: alone it holds what it holds among others."""
    hedge = FuturesHedge("minimum_variance", estimation_days=0)
    spot = DEMAND_EXPLOSION.simulate(Listing().years, 3, np.random.default_rng(6)).price_usd.T
    bills = spot[1:].reshape(12, 21, 3).mean(axis=1) * np.random.default_rng(7).uniform(800, 1200, (12, 3))
    used = Consumption(np.full((12, 3), 1_000.0), bills)
    together = study([hedge]).run(observed_paths(DEMAND_EXPLOSION, Listing(), spot), used)
    held = together["minimum_variance"].lots_at_delivery
    assert (held[0] == 1.0).all()
    assert len(np.unique(held[4])) == 3
    for path in range(3):
        one = observed_paths(DEMAND_EXPLOSION, Listing(), spot[:, [path]])
        alone = study([hedge]).run(one, Consumption(*(part[:, [path]] for part in used)))
        np.testing.assert_allclose(alone["minimum_variance"].lots_at_delivery[:, 0], held[:, path], rtol=1e-9)


@pytest.mark.verify
def test_minimum_variance_ratios_are_those_of_an_ordinary_regression():
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(3)
    months, firms, listed = 30, 5, 4
    future = rng.standard_normal((months, firms))
    bills = 100.0 * (10.0 + 0.7 * future + 0.3 * rng.standard_normal((months, firms)))
    estimator = MinimumVarianceRatios(
        np.array([0.0, 1.0, 1.0, 1.0]), multiples=np.ones(firms), expected_need_msit=np.full(firms, 100.0),
        estimation_days=0, window_months=0, with_quantity=False,
    )  # fmt: skip
    marks = 10.0 + 0.1 * rng.standard_normal((months + listed, firms, listed))
    for month in range(months):
        estimator.see_settlement(month, marks[month])
        estimator.see_month(month, 10.0 + future[month], np.full(firms, 100.0), bills[month])
    for tenor in range(1, listed):
        for firm in range(firms):
            seen = [marks[month - tenor, firm, tenor] for month in range(tenor, months)]
            change = 10.0 + future[tenor:, firm] - seen
            cost = bills[tenor:, firm] / 100.0 - seen
            slope = OLS(cost, np.column_stack([np.ones(change.size), change])).fit().params[1]
            assert estimator.ratios[firm, tenor] == pytest.approx(slope, rel=1e-9)


def test_effectiveness_is_what_a_regression_and_an_offset_say():
    rng = np.random.default_rng(1)
    gain = rng.standard_normal(5_000)
    bill = 3.0 + 0.8 * gain + 0.6 * rng.standard_normal(5_000)
    slope, intercept = np.polyfit(gain, bill, 1)
    residual = bill - slope * gain - intercept
    assert measures.regression_slope(gain, bill) == pytest.approx(slope)
    assert measures.r_squared(gain, bill) == pytest.approx(1.0 - residual.var() / bill.var())
    offset = measures.dollar_offset(np.array([0.8, 1.25, 0.5, 2.0]), np.ones(4))
    assert offset == (1.025, 0.5)
    assert measures.cash_flow_at_risk(np.arange(101.0), 0.95) == pytest.approx(45.0)
    flat = measures.reduction(np.ones(4), np.full(4, 7.3))
    assert math.isnan(flat.volatility)


def test_the_benchmark_reduces_nothing_and_is_never_nan():
    summary = study(["strip", "layered"], basis=ProviderBasis(0.1)).run().summary()
    none = summary.loc["none"]
    assert not none.isna().any()
    assert (none.filter(regex="reduction|peak|cost|share|r_squared") == 0.0).all()
    assert none["bill_99_usd"] > summary.loc["strip", "bill_99_usd"]
    assert summary.loc["strip", "r_squared_years"] == pytest.approx(
        1.0 - (1.0 - summary.loc["strip", "volatility_reduction_across_years"]) ** 2, abs=0.02
    )


def test_a_firm_without_need_in_a_month_pays_nothing_then():
    needs = np.full(12, 500.0)
    needs[3] = 0.0
    result = study(["strip", "minimum_variance", "layered"], need=Need(needs), basis=RISKY["basis"]).run()
    for name in result.programmes:
        assert (result[name].bill_usd[3] == 0.0).all()
    assert np.isfinite(result.within_a_path("layered")).all()
    assert (
        not result.summary()[["volatility_reduction_across_months", "r_squared_years"]].isna().any(axis=None)
    )


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: study(paths=0), r"paths: 0 is not a whole number in \[1"),
        (lambda: study(paths=10.5), "paths: 10.5 is not a whole number"),
        (lambda: study(mark_every_days=6), r"mark_every_days: 6 is not a whole number in \[1, 5\]"),
        (lambda: study(seed=-1), "seed: -1 is not >= 0"),
        (lambda: study(need=-5.0), r"need.msit_per_month: \[-5.\] is not a finite number >= 0"),
        (lambda: study(need=Need([1.0] * 11)), r"of shape \(11,\) is not one number, or one for each"),
        (lambda: study(need=Need(0.0)), "need.msit_per_month: 0 in every month is not > 0 in some month"),
        (lambda: Listing(0), r"horizon_months: 0 is not a whole number in \[1, 120\]"),
        (lambda: Listing(first_day=21), r"first_day: 21 is not in \[0, 21\)"),
        (lambda: Listing(final_fixings=22), r"final_fixings: 22 is not in \[0, 21\]"),
        (lambda: Listing(contract_size_msit=0.0), "contract_size_msit: 0.0 is not a finite number > 0"),
        (lambda: Frictions(half_spread=-0.1), r"half_spread: -0.1 is not in \[0, 1\]"),
        (lambda: Frictions(cash_usd=-1.0), "cash_usd: -1.0 is not >= 0"),
        (lambda: Frictions(liquidity="cash"), "liquidity: cash is not one of variation"),
        (lambda: Frictions(when_out="pray"), "when_out: pray is not one of abandon"),
        (lambda: Frictions().without("tax"), "friction: tax is not one of half_spread"),
        (lambda: ProviderBasis(-0.1), "basis.sd: -0.1 is not a finite number >= 0"),
        (lambda: QuantityRisk(0.1, 1.0, 2.0), r"quantity.price_correlation: 2.0 is not in \[-1, 1\]"),
        (lambda: RandomShifts(-1.0, 0.3), "shifts.per_year: -1.0 is not a finite number >= 0"),
        (lambda: HedgeStudy("demand_explosion"), "process: str is not a SpotProcess"),
        (lambda: study(["strip"]).run()["layered"], "programme: 'layered' is not one of none, strip"),
        (lambda: study().run().across_paths("strip", "week"), "period: week is not year or month"),
        (lambda: study().run().run_out_share("strip", 1.0, "gold"), "convention: gold is not one of var"),
        (lambda: HedgeStudy.from_scenario("plain", speed=3), "speed: not one of basis"),
        (
            lambda: HedgeStudy.from_scenario("negative_price_2020"),
            "spot.dislocation.size: .* is not 0: the laboratory has no dislocations",
        ),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_in_one_line(ask, message):
    with pytest.raises(ParameterError, match=message) as refused:
        ask()
    assert "\n" not in str(refused.value)


def test_each_friction_has_its_switch():
    frictions = scenario_frictions("demand_explosion")
    for name in ("half_spread", "fee_usd_per_lot", "funding_rate", "cash_usd", "whole_lots", "ramp_days"):
        assert getattr(frictions.without(name), name) == getattr(Frictions(), name)
    free = frictions.without(
        "fee_usd_per_lot", "funding_rate", "cash_usd", "whole_lots", "ramp_days", "abandonment"
    )
    assert free == Frictions(initial_margin_rate=frictions.initial_margin_rate)
    assert not free.is_limited


def test_a_scenario_gives_process_need_basis_programme_and_shift():
    made = HedgeStudy.from_scenario("demand_explosion", paths=10, horizon_months=18)
    assert isinstance(made.process, MeanRevertingJumpDiffusion)
    assert (made.process.kappa, made.process.sigma) == (6.0, 0.60)
    assert made.listing.horizon_months == 18
    assert made.demand.msit_per_month == 2_000.0 * 21
    assert made.basis == ProviderBasis(0.08, 20.0, "stationary")
    assert isinstance(made.shifts, FixedShift)
    shift = made.shifts.shift
    assert (shift.log_size, shift.start_year, shift.duration_years) == pytest.approx((0.41, 1 / 252, 0.25))
    assert made.hedges[1] == FuturesHedge("layered", band_share=0.02, roll_days=5)
    assert made.run().bill_usd.shape == (18, 10)
    with pytest.raises(ScenarioError):
        HedgeStudy.from_scenario("no_such_scenario")


def test_a_result_is_written_as_a_folder_of_its_kind_and_never_over_another(tmp_path):
    result = study(["layered", "fixed_price"], frictions=Frictions(cash_usd=1_000.0), **RISKY).run()
    folder = result.write(tmp_path / "out")
    again = result.write(tmp_path / "out")
    assert (folder.name, again.name) == ("out", "out-2")
    written = read_hedge_folder(folder)
    manifest, tables = written.manifest, written.tables
    assert manifest["kind"] == "hedge"
    assert manifest["rows"] == {name: len(table) for name, table in tables.items()}
    assert manifest["frictions"]["cash_usd"] == 1_000.0
    measured = tables["measures"].pivot_table(
        index="programme", columns="measure", values="value", dropna=False
    )
    summary = result.summary()
    assert measured.loc["layered", "bill_95_usd"] == summary.loc["layered", "bill_95_usd"]
    paths = tables["paths"].query("programme == 'layered'")
    np.testing.assert_array_equal(paths["bill_usd"], result.horizon_bill("layered"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out-2"]


def test_the_folder_knows_the_conventions_of_the_laboratory():
    assert CONVENTIONS == LIQUIDITY_CONVENTIONS


def test_a_users_function_stands_in_the_folder_by_its_name(tmp_path):
    custom = CustomHedge("mine", lambda view: view.need_lots)
    folder = read_hedge_folder(study([custom], paths=20).run().write(tmp_path / "out"))
    assert folder.manifest["hedges"]["mine"]["class"] == "CustomHedge"
    assert "<lambda>" in folder.manifest["hedges"]["mine"].values()
    assert folder.manifest["frictions"]["cash_usd"] is None

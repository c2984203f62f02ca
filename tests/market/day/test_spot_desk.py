"""The spot desk: every spot and index choice of a scenario reaches the market, and the fallback holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario
from abm.scenario.price_model import build_level, build_process, fit_provider_prices
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

STRESS = {"spot.stress.entries_per_year": 6.0}


def coarse(changes: dict[str, object] | None = None) -> Scenario:
    quick = {"calendar.rounds_per_day": 2, "run.days": 42}
    return Scenario.load("plain").replace(quick | (changes or {}))


def walk(market: TokenFuturesMarket, days: int) -> None:
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()


def test_the_list_prices_set_level_dispersion_and_decline():
    scenario = coarse()
    fit = fit_provider_prices(scenario)
    market = TokenFuturesMarket(scenario, rng=1)
    level = market.desk.process.level
    assert level.initial_price_usd == fit.initial_price_usd == pytest.approx(3.0598, abs=5e-5)
    assert level.trend_per_year == fit.trend_per_year == pytest.approx(2.150, abs=5e-4)
    multiples = market.desk.quotes.expected_multiples
    ratios = np.log(multiples / multiples[0])
    np.testing.assert_allclose(ratios[:4], fit.provider_log_offsets - fit.provider_log_offsets[0])
    np.testing.assert_allclose(ratios[:4], ratios[4:8])  # more providers than prices: the list repeats


def test_a_number_in_the_scenario_replaces_the_list_prices():
    scenario = coarse({"spot.initial_price_usd": 5.0, "spot.trend_per_year": 0.7})
    level = TokenFuturesMarket(scenario, rng=1).desk.process.level
    assert (level.initial_price_usd, level.trend_per_year) == (5.0, 0.7)


def test_supply_and_demand_can_give_the_trend():
    scenario = coarse({"spot.trend_per_year": "three_factor_supply"})
    market = TokenFuturesMarket(scenario, rng=1)
    assert market.desk.process.level.trend_per_year == pytest.approx(math.log(40) / 2, abs=0.02)


CHOICES = [
    STRESS,
    {"spot.long_run.volatility": 0.3, "spot.long_run.correlation": 0.4},
    {"spot.premium.diffusion": 0.4, "spot.premium.jump_tilt": 1.0},
    {"spot.seasonality.weekly": (0.02, 0.01, 0.0, -0.01, -0.02)},
    {"spot.seasonality.diurnal_amplitude": 0.12},
    {"spot.jumps": {"kind": "gaussian", "mean": 0.1, "std": 0.1}},
    {"index.method": "chained_fisher"},
    {"index.quote_dynamics": "list_prices"},
    {"index.outages_per_year": 6.0},
]
ALL_CHOICES = {name: value for changes in CHOICES for name, value in changes.items()}


@pytest.mark.parametrize(
    "changes",
    [*CHOICES, STRESS | {"spot.long_run.volatility": 0.2, "index.method": "chained_fisher"}],
    ids=lambda changes: " ".join(changes),
)
def test_each_choice_trades_two_months_and_settles(changes):
    result = run(coarse(changes), seed=3)
    daily = result.tables["daily"]
    final = daily[daily.final]
    assert final.month.tolist() == [0, 1]
    fixings = result.tables["spot"].groupby("month")["index_fixing_usd_micro"].mean()
    np.testing.assert_allclose(final.settlement_ticks.astype(float) * 1_000, fixings.iloc[:2], atol=500.5)
    assert result.manifest["counts"]["trades"] > 0


def test_the_same_seed_is_the_same_world_with_every_choice_at_once():
    busy = coarse(ALL_CHOICES | {"run.days": 22})
    assert run(busy, seed=3).state_hash == run(busy, seed=3).state_hash


def test_a_premium_lowers_the_curve_but_not_the_price():
    plain, asked = (
        TokenFuturesMarket(coarse(changes), rng=1) for changes in ({}, {"spot.premium.diffusion": 0.5})
    )
    assert asked.desk.spot_usd == plain.desk.spot_usd
    ratio = asked.curve.months["model_ticks"] / plain.curve.months["model_ticks"]
    assert (np.diff(ratio) < 0).all()
    kappa, last_month = 4.0, np.arange(11 * 21, 12 * 21) / 252
    expected = np.exp(-0.5 * -np.expm1(-kappa * last_month) / kappa)
    assert ratio[-1] == pytest.approx(expected.mean(), rel=1e-3)


def test_stress_is_public_and_moves_the_curve():
    scenario = coarse(STRESS | {"spot.stress.level": 0.3, "spot.stress.exits_per_year": 2.0})
    process = build_process(
        scenario.spot,
        build_level(
            scenario.spot,
            fit_provider_prices(scenario),
            TokenFuturesMarket(scenario, rng=1).clock.calendar,
        ),
    )
    assert isinstance(process, RegimeSwitchingJumpDiffusion)
    assert isinstance(build_process(coarse().spot, process.level), MeanRevertingJumpDiffusion)
    calm, stressed = (process.in_regime(regime).forward(0.0, [0.25], 0.0)[0] for regime in (0, 1))
    assert stressed > 1.02 * calm


def test_a_day_without_an_index_repeats_the_fixing_and_says_so():
    """Every feed fails for long: fewer than four providers are left, and the last fixing stands."""
    scenario = coarse(
        {"index.outages_per_year": 252.0, "index.outage_days": 60.0, "index.stale_after_days": 1}
    )
    spot = run(scenario, seed=2).tables["spot"]
    missing = spot[~spot.index_available]
    assert len(missing) > 5
    assert missing["tpi_usd"].isna().all()
    before = spot["index_fixing_usd_micro"].shift(1)
    assert (missing["index_fixing_usd_micro"] == before[missing.index]).all()


def test_composition_noise_is_reported_apart():
    quiet = run(coarse(), seed=1).manifest["composition_noise"]
    dropping = run(coarse({"index.outages_per_year": 24.0, "index.stale_after_days": 1}), seed=1)
    noise = dropping.manifest["composition_noise"]
    assert quiet["volatility"] < 0.05
    assert noise["volatility"] > 5 * quiet["volatility"]


def test_the_kept_growth_gives_the_processes_own_forward_in_every_regime():
    often = {"spot.stress.entries_per_year": 25.0}
    scenario = coarse(often | {"spot.long_run.volatility": 0.3, "spot.premium.jump_tilt": 1.0})
    market = TokenFuturesMarket(scenario, rng=4)
    seen = set()
    for day in range(60):
        walk(market, 1)
        desk, calendar = market.desk, market.clock.calendar
        state = desk._state
        if state.regime in seen:
            continue
        seen.add(state.regime)
        month = calendar.month_of(day) + 2
        dates = np.arange(calendar.first_day(month), calendar.last_day(month) + 1) / 252
        x = math.log(desk.index_usd) - float(desk.process.level.log_usd(day / 252)) - state.xi
        expected = desk.process.in_regime(state.regime).average_price_forward(
            day / 252, dates, x, xi=state.xi
        )
        assert desk.model_curve_usd(day, 12)[2] == pytest.approx(expected, rel=1e-9)
    assert seen == {0, 1}

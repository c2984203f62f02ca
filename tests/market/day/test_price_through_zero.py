"""Prices of zero and less: what is known of a dislocation, and who pays when a month settles below zero."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, sells

from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams
from abm.market import TokenFuturesMarket, run
from abm.market.assembly.margin_build import build_margin
from abm.scenario import Scenario

MONTH = {"calendar.rounds_per_day": 2, "calendar.days_per_month": 6, "contract.listed_months": 3}
GLUT = {
    "spot.dislocation.size": -4.0,
    "spot.dislocation.start_day": 3,
    "spot.dislocation.duration_days": 4,
    "spot.dislocation.fade_days": 3,
}
WIDE = {"exchange.daily_limit": 10.0, "exchange.final_day_band": 10.0, "exchange.halts.expanded_limits": ()}


def coarse(*changes: dict[str, object]) -> Scenario:
    merged = dict(MONTH)
    for change in changes:
        merged |= change
    return Scenario.load("plain").replace(merged)


def on_day(scenario: Scenario, day: int) -> TokenFuturesMarket:
    """Return a market after the first round of a day."""
    market = TokenFuturesMarket(scenario, rng=1)
    play(market, day * market.clock.calendar.rounds_per_day + 1)
    return market


def pair_on(day: int, *changes: dict[str, object]) -> tuple[TokenFuturesMarket, TokenFuturesMarket]:
    return on_day(coarse(*changes), day), on_day(coarse(GLUT, *changes), day)


def by_fixing(market: TokenFuturesMarket, day: int) -> np.ndarray:
    """Return the course of the glut in USD, by month and fixing of the listed months."""
    desk, calendar = market.desk, market.clock.calendar
    first = calendar.first_day(calendar.month_of(day))
    amounts = desk.dislocation.amount_usd(np.arange(first, first + 3 * calendar.days_per_month))
    return amounts.reshape(3, calendar.days_per_month)


@pytest.mark.parametrize("method", ["volume_weighted", "chained_fisher"])
def test_the_same_usd_are_added_to_spot_quotes_and_both_indices(method):
    calm, moved = pair_on(4, {"index.method": method})
    amount = -4.0 * calm.desk.process.level.initial_price_usd
    assert calm.desk.index_usd > 0 > moved.desk.index_usd
    for name in ("spot_usd", "provider_prices_usd", "index_value_usd"):
        shift = getattr(moved.desk, name) - getattr(calm.desk, name)
        np.testing.assert_allclose(shift, amount, rtol=1e-12)
    for name in ("volume_weighted_usd", "matched_usd"):
        shift = np.subtract(getattr(moved.desk, name), getattr(calm.desk, name))
        np.testing.assert_allclose(shift, [0, 0, 0, amount, amount], rtol=1e-12)
    assert moved.desk.fixing.usd_micro == round(1e6 * moved.desk.index_value_usd)


@pytest.mark.parametrize("fixings", [0, 1, 4])
def test_the_curve_knows_nothing_before_and_the_whole_course_from_the_first_day(fixings):
    counted = fixings or 6
    calm, moved = pair_on(0, {"contract.final_fixings": fixings})
    for day in range(13):
        assert calm.clock.day == moved.clock.day == day
        shift = moved.desk.model_curve_usd(day, 3) - calm.desk.model_curve_usd(day, 3)
        foreseen = by_fixing(moved, day)[:, -counted:].mean(axis=1) if day >= 3 else 0.0
        # Fixings are whole micro-USD, so that the price under the dislocation is known to half of one.
        np.testing.assert_allclose(shift, np.broadcast_to(foreseen, 3), atol=3e-6)
        for market in (calm, moved):
            play(market, 2)


@pytest.mark.parametrize("start_before", [0, 1])
def test_a_fixing_published_again_is_read_with_the_amount_of_its_own_day(start_before):
    """Feeds fail as the glut begins, or as it ends: the old fixing stands and says nothing of today's."""
    silent = {"index.outages_per_year": 252.0, "index.outage_days": 252.0, "index.stale_after_days": 1}
    calm = on_day(coarse(silent), 8)
    day = next(day for day, fixing in enumerate(calm.desk.fixings) if not fixing.available)
    glut = {
        "spot.dislocation.start_day": day - start_before,
        "spot.dislocation.duration_days": 1 if start_before else 7,
    }
    calm, moved = (
        on_day(coarse(silent, changes), day) for changes in ({}, glut | {"spot.dislocation.size": -4.0})
    )
    assert not moved.desk.fixing.available
    assert (moved.desk.fixing.usd_micro < 0) == bool(start_before)
    shift = moved.desk.model_curve_usd(day, 3)[1:] - calm.desk.model_curve_usd(day, 3)[1:]
    np.testing.assert_allclose(shift, by_fixing(moved, day)[1:].mean(axis=1), atol=3e-6)
    assert (np.abs(shift).max() < 1e-5) == bool(start_before)


@pytest.mark.parametrize("fixings", [1, 4, 6])
def test_the_curve_is_the_mean_of_the_forwards_of_the_fixings_that_count(fixings):
    market = on_day(coarse({"contract.final_fixings": fixings}), 0)
    desk, calendar = market.desk, market.clock.calendar
    for day in range(9):
        assert market.clock.day == day
        x = math.log(desk.index_usd) - float(desk.process.level.log_usd(calendar.year_fraction(day)))
        for tenor in range(3):
            end = calendar.last_day(calendar.month_of(day) + tenor) + 1
            days = np.arange(end - fixings, end)
            known = [desk.fixings[past].usd_micro / 1e6 for past in days[days <= day]]
            ahead = desk.process.forward(
                calendar.year_fraction(day), days[days > day] / calendar.days_per_year, x
            )
            assert desk.model_curve_usd(day, 3)[tenor] == pytest.approx(np.mean([*known, *ahead]), rel=1e-12)
        play(market, 2)


@cache
def variation_of_the_first_month(fixings: int, pushed: int | None) -> float:
    """Return what a long lot gains over the month, in ticks, with the fixing of a day pushed or none."""
    settings = {"contract.final_fixings": fixings, "spot.initial_price_usd": 3.0}
    push = {} if pushed is None else {"spot.dislocation.size": -7.0, "spot.dislocation.start_day": pushed}
    market, (ann, bob), _ = quiet(
        calendar__rounds_per_day=2, calendar__days_per_month=6, contract__listed_months=3,
        **{name.replace(".", "__"): value for name, value in (settings | push).items()},
    )  # fmt: skip
    ann.script[0, 0] = sells(at_settlement(), 10)
    bob.script[0, 1] = buys(at_settlement(), 10)
    play(market, 12)
    return market.clearing.variation_usd_micro[bob.account] / (10 * 1e6)  # 1 USD a tick and lot


@pytest.mark.parametrize("fixings", [1, 2, 3, 6])
@pytest.mark.parametrize("day", [2, 4, 5])
def test_pushing_one_fixing_moves_the_final_price_by_its_share(fixings, day):
    """By d / N if the fixing is among the N that count, else not at all."""
    share = 1 / fixings if day >= 6 - fixings else 0.0
    moved = variation_of_the_first_month(fixings, day) - variation_of_the_first_month(fixings, None)
    assert moved == pytest.approx(-21_000 * share, abs=1.0)


@pytest.mark.parametrize("fixings", [1, 6])
def test_a_month_that_settles_below_zero_pays_every_lot_its_final_price_less_the_trade_price(fixings):
    market, (ann, bob), recorder = quiet(
        calendar__rounds_per_day=2, calendar__days_per_month=6, contract__listed_months=3,
        contract__final_fixings=fixings,
        **{name.replace(".", "__"): value for name, value in (GLUT | WIDE).items()},
    )  # fmt: skip
    price = int(market.curve.settlement_ticks[0])
    ann.script[0, 0] = sells(price, 10)
    bob.script[0, 1] = buys(price, 10)
    ann.script[3, 0] = sells(-9_000, 4)
    bob.script[3, 1] = buys(-9_000, 4)
    play(market, 12)
    daily = recorder.table("daily")
    final = int(daily[daily.final].settlement_ticks.iloc[0])
    assert final < -3_000
    assert daily[(daily.day == 3) & (daily.tenor == 0)].settlement_ticks.tolist() == [-9_000]
    gain_ticks = 10 * (final - price) + 4 * (final + 9_000)
    variation = market.clearing.variation_usd_micro
    assert variation[bob.account] == gain_ticks * market.contract.tick_value_usd_micro
    assert variation[ann.account] == -variation[bob.account]
    assert variation.sum() == 0
    assert not market.clearing.position_lots.any()
    assert not market.exchange.position_lots.any()


@pytest.fixture(scope="module", params=[0, 1])
def glut_run(request):
    changes = GLUT | WIDE | {"contract.final_fixings": request.param, "recording.profile": "full"}
    return run(coarse(changes, {"run.days": 20, "calendar.rounds_per_day": 6}), seed=2)


def test_everybody_trades_through_zero_with_the_books_in_balance(glut_run):
    """Invariants are asserted while the market runs; here, that there was something to assert them on."""
    trades, daily = glut_run.tables["trades"], glut_run.tables["daily"]
    assert (trades.price_ticks < 0).sum() > 100
    assert (trades.price_ticks > 0).sum() > 100
    assert daily[daily.final].settlement_ticks.iloc[0] < 0
    accounts = glut_run.tables["accounts"]
    assert (accounts.groupby("day").variation_usd_micro.sum() == 0).all()
    assert (accounts.initial_margin_usd_micro >= 0).all()
    assert (daily.limit_low_ticks <= daily.settlement_ticks)[~daily.final].all()


def test_a_run_through_zero_has_its_numbers(glut_run):
    spot, metrics = glut_run.tables["spot"], glut_run.manifest["metrics"]
    assert spot.index_fixing_usd_micro.min() < 0 < spot.index_fixing_usd_micro.max()
    assert spot.provider_low_usd.min() < 0
    for name in ("front_spread_ticks", "front_settlement_volatility", "front_basis_usd", "convergence_ticks"):
        assert np.isfinite(metrics[name]), name
    hedging = glut_run.tables["hedging"]
    assert (hedging.expected_bill_usd > 0).all()  # of day 0, when nobody knew
    assert (hedging[hedging.month == 0].bill_usd < 0).any()
    assert np.isfinite(hedging.net_cost_usd).all()


def test_the_glut_is_no_composition_noise():
    calm, moved = (run(coarse(changes, {"run.days": 15}), seed=1) for changes in ({}, GLUT))
    before, after = (result.manifest["composition_noise"] for result in (calm, moved))
    assert after == pytest.approx(before, rel=1e-9, abs=1e-12)


def test_margin_is_a_share_of_the_absolute_price_and_never_less_than_at_the_floor():
    market = on_day(coarse(GLUT, WIDE), 5)
    play(market, 1)
    per_lot = market.clearing.margin_per_lot_usd_micro
    assert (market.curve.settlement_ticks < 0).any()
    floor = 0.12 * 0.1 * 1_000 * 1e6  # rate x floor price x mSIT a lot
    assert (per_lot >= floor).all()
    settled = market.curve.by_slot(np.abs(market.curve.settlement_ticks))
    rate = per_lot / 1e6 / np.maximum(settled, 100)
    assert rate == pytest.approx(np.full(3, 0.12), abs=1e-9)


@pytest.mark.parametrize(
    ("fixings", "shares"), [(0, [6, 5, 4, 3, 2, 1]), (1, [1] * 6), (4, [4, 4, 4, 3, 2, 1])]
)
def test_the_front_months_risk_falls_with_the_fixings_that_count(fixings, shares):
    market = TokenFuturesMarket(coarse({"contract.final_fixings": fixings}), rng=1)
    volume = np.zeros(3, dtype=np.int64)
    seen = [int(market.curve.margin_day(day, volume).remaining_share_bps[0]) for day in range(6)]
    assert seen == [-(-10_000 * to_come // shares[0]) for to_come in shares]


def test_a_shorter_average_is_further_off_and_moves_less_at_first():
    scenario = coarse({"spot.jump_intensity": 0.0})
    mean_of_month, one_fixing = (
        TokenFuturesMarket(scenario.replace({"contract.final_fixings": fixings}), rng=1).curve.months
        for fixings in (0, 1)
    )
    ratio = one_fixing["volatility_per_day"] / mean_of_month["volatility_per_day"]
    later_years = 0.5 * (6 - 1) / 72
    assert ratio == pytest.approx(np.full(3, math.exp(-4.0 * later_years)), rel=1e-12)


def test_the_history_of_margin_is_that_of_the_average_that_settles():
    """Moves of a mean-reverting price die out with the time to the fixings that count."""
    scenario = coarse({"spot.jump_intensity": 0.0})
    market = TokenFuturesMarket(scenario, rng=1)
    process, calendar, section = market.desk.process, market.clock.calendar, scenario.clearing.margin

    def sizes(**fixings: int) -> np.ndarray:
        built = build_margin(section, market.contract, calendar, process, RandomStreams(5), **fixings)
        return np.log1p(built.history).std(axis=0)

    months_ahead = np.array([0.25, 1.0, 2.0])
    np.testing.assert_array_equal(sizes(), sizes(final_fixings=6))
    for fixings in (1, 3):
        # Averaged over a month of days: to the middle of those fixings that are still to come.
        share = fixings / 6
        ahead = np.arange(3) + 0.5 - 0.5 * share
        ahead[0] += share**2 / 4
        kept = np.exp(-process.kappa * (ahead - months_ahead) * 6 / 72)
        assert sizes(final_fixings=fixings) == pytest.approx(sizes() * kept, rel=1e-9)


def test_a_bill_is_expected_over_the_whole_month_whatever_settles_the_future():
    whole, one = (
        run(coarse({"run.days": 6, "contract.final_fixings": fixings}), seed=1).tables["hedging"]
        for fixings in (0, 1)
    )
    np.testing.assert_array_equal(whole.expected_bill_usd, one.expected_bill_usd)
    np.testing.assert_array_equal(whole.bill_usd, one.bill_usd)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("spot.dislocation.size", -21.0, "spot.dislocation.size: -21.0 is not in [-20, 20]"),
        ("spot.dislocation.start_day", 0, "spot.dislocation.start_day: 0 is not in [1, 25200]"),
        ("spot.dislocation.duration_days", 0, "spot.dislocation.duration_days: 0 is not in [1, 25200]"),
        ("spot.dislocation.fade_days", -1, "spot.dislocation.fade_days: -1 is not in [0, 25200]"),
        ("contract.final_fixings", -1, "contract.final_fixings: -1 is not in [0, 31]"),
        ("contract.final_fixings", 22, "contract.final_fixings: 22 is not <= calendar.days_per_month = 21"),
    ],
)
def test_what_a_scenario_may_not_say_is_refused_by_field(field, value, message):
    with pytest.raises(ScenarioError) as caught:
        Scenario.load("plain").replace({field: value})
    assert str(caught.value) == message

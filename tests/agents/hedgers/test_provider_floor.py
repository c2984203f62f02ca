"""The floor under a provider's forward sales: the cost of the month that it sells, or today's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, hedger_rows, no_waiting

from abm.agents.hedgers.kernel import decide_hedgers
from abm.core.orders import MessageKind
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

FLOOR = "agents.providers.floor"
COARSE = {"calendar.rounds_per_day": 8, "run.days": 30}


def test_each_month_has_a_floor_of_its_own():
    """Prices fall by 5 % a month, the floor by 3 %: from where it is above the bid on, it is the limit."""
    months, ratio = months_around(), 0.97 ** np.arange(12)
    months["low_ticks"], months["high_ticks"] = 0, 10_000
    sellers = hedger_rows(200, actions_per_day=1e9, cross_probability=1.0, floor_ticks=2_700.0)
    sent = decide(
        decide_hedgers, sellers, keys(200), np.full((200, 12), -20), ratio, no_waiting(200), months,
        no_positions(200), DAY_SHARE,
    )  # fmt: skip
    sold = sent[sent["kind"] == MessageKind.LIMIT]
    tenor = sold["month"] - months["month"][0]
    floor = np.ceil(2_700.0 * ratio[tenor])
    assert (sold["price_ticks"] >= floor).all()
    held_back = months["best_bid_ticks"][tenor] < floor
    assert 0 < held_back.sum() < len(sold)
    assert (sold["price_ticks"][held_back] >= floor[held_back]).all()
    np.testing.assert_array_equal(
        sold["price_ticks"][~held_back], months["best_bid_ticks"][tenor[~held_back]]
    )


def provider_after(days, changes):
    market = TokenFuturesMarket(Scenario().replace(COARSE | changes), rng=1)
    for _ in range(8 * days):
        market.step()
    return market, next(group for group in market.populations if group.name == "provider")


def test_a_months_floor_is_the_cost_level_of_its_middle():
    trend = {"spot.trend_per_year": 1.8, FLOOR: "delivery_month"}
    _, provider = provider_after(12, trend)  # the last open was that of day 11
    days_ahead = np.arange(12) * 21 + 10.5 - 11
    days_ahead[0] = 5.0
    np.testing.assert_allclose(provider.floor_ratio, np.exp(-1.8 * days_ahead / 252), rtol=1e-9)
    assert (provider_after(2, trend | {FLOOR: "today"})[1].floor_ratio == 1.0).all()


def test_a_cost_that_falls_on_its_own_takes_the_floor_with_it():
    _, provider = provider_after(1, {"spot.trend_per_year": "three_factor_supply", FLOOR: "delivery_month"})
    days_ahead = np.arange(12) * 21 + 10.5
    decline = provider.cost_decline_per_day
    np.testing.assert_allclose(provider.floor_ratio, np.exp(-decline * days_ahead), rtol=1e-9)


@pytest.mark.parametrize(
    ("foreseen", "start_day", "log_moves"),
    [
        (False, 40, [0.0] * 12),
        (True, 40, [0.0] * 2 + [math.log(1.5)] * 10),
        (False, 2, [0.0] * 12),
        (True, 2, [0.0] * 12),
    ],
    ids=["not foreseen", "foreseen", "come as a surprise", "come as foreseen"],
)
def test_a_shift_of_the_level_moves_the_floor_of_far_months_while_it_is_foreseen(
    foreseen, start_day, log_moves
):
    shift = {
        "spot.trend_per_year": 0.0,
        "spot.level_shift.log_size": math.log(1.5),
        "spot.level_shift.start_day": start_day,
        "spot.level_shift.duration_days": 1,
        "spot.level_shift.foreseen": foreseen,
        FLOOR: "delivery_month",
    }
    _, provider = provider_after(6, shift)
    np.testing.assert_allclose(np.log(provider.floor_ratio), log_moves, atol=1e-9)


def test_providers_sell_months_whose_price_is_below_todays_cost():
    """The curve of the baseline falls below today's cost from about the seventh month on."""
    sold = {}
    for floor in ("today", "delivery_month"):
        market, provider = provider_after(12, {FLOOR: floor})
        held = market.clearing.position_lots[provider.accounts][:, market.curve.slots]
        sold[floor] = -held[:, 8:].sum()
    assert sold["today"] == 0
    assert sold["delivery_month"] > 100

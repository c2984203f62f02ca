"""What arbitrageurs do to the curve and to calendar spreads: pairs of runs that differ in nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.core.orders import NO_PRICE, TradingPhase
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

SEEDS, DAYS = range(1, 17), 20
FEE_TICKS = 0.5
STEADY = {"agents.attention.response": 0.0, "agents.market_makers.estimates": "public"}
"""Neither pace nor spreads follow volatility: what differs is the arbitrageurs' doing."""
SIX = {"agents.arbitrageurs.count": 6}
NO_MAKERS = {"agents.market_makers.count": 0}
ONE_MONTH_SPREADS = {"exchange.spreads.lengths": [1]}
QUOTES_ONLY = {"agents.arbitrageurs.actions_per_day": 0.0}


def rounds_of(changes, seed):
    """Step a market and give it back after each round but the last of a day."""
    market = TokenFuturesMarket(Scenario().replace(STEADY | changes), rng=seed)
    for _ in range(DAYS):
        for _ in range(market.clock.calendar.rounds_per_day - 1):
            market.step()
            yield market
        market.step()


def distances(market):
    """Bid, ask and mid price of each month but the delivery month, as shares of price from the model."""
    months = market.curve.refresh(market.exchange.top_of_book())[1:]
    trading = months["phase"] == TradingPhase.CONTINUOUS
    trading &= (months["best_bid_ticks"] != NO_PRICE) & (months["best_ask_ticks"] != NO_PRICE)
    bid, ask = (
        np.where(trading, (months[name] - months["model_ticks"]) / months["scale_ticks"], np.nan)
        for name in ("best_bid_ticks", "best_ask_ticks")
    )
    return bid, ask, 0.5 * (bid + ask), months


def curve_out_of_line(changes, seed):
    """Mean distance of a month from its neighbours' mean, and the mean gain in trading it after fees.

    Both as shares of price, the gain over all months and rounds.
    """
    bumps, gains = [], []
    for market in rounds_of(changes, seed):
        bid, ask, mid, months = distances(market)
        bumps.append(np.nanmean(np.abs(mid[1:-1] - 0.5 * (mid[:-2] + mid[2:]))))
        fee = FEE_TICKS / months["scale_ticks"]
        fees = fee[1:-1] + 0.5 * (fee[:-2] + fee[2:])
        buying = 0.5 * (bid[:-2] + bid[2:]) - ask[1:-1]
        selling = bid[1:-1] - 0.5 * (ask[:-2] + ask[2:])
        gains.append(np.nanmean(np.maximum(np.fmax(buying, selling) - fees, 0.0)))
    return np.nanmean(bumps), np.nanmean(gains)


def free_lunches(changes, seed):
    """Ticks to be had, after four fees, by trading spreads against their legs: mean of spreads and rounds."""
    ticks = []
    for market in rounds_of(changes, seed):
        top = market.exchange.spread_top()
        months = market.curve.refresh(market.exchange.top_of_book())
        near, far = months[1:-1], months[2:]
        bid, ask = (side[0][near["slot"]] for side in (top.best_bid_ticks, top.best_ask_ticks))
        buying = _known(near["best_bid_ticks"]) - _known(far["best_ask_ticks"]) - _known(ask)
        selling = _known(bid) - _known(near["best_ask_ticks"]) + _known(far["best_bid_ticks"])
        gain = np.fmax(buying, selling) - 4 * FEE_TICKS
        ticks.append(np.mean(np.nan_to_num(np.maximum(gain, 0.0))))
    return np.mean(ticks)


def _known(ticks):
    return np.where(ticks == NO_PRICE, np.nan, ticks.astype(np.float64))


def change(measure, without, with_them):
    """Mean of paired differences and its standard error, and the mean without."""
    pairs = np.array([(measure(without, seed), measure(with_them, seed)) for seed in SEEDS])
    paired = pairs[:, 1] - pairs[:, 0]
    return paired.mean(axis=0), paired.std(axis=0, ddof=1) / math.sqrt(len(SEEDS)), pairs[:, 0].mean(axis=0)


@pytest.mark.verify
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
@pytest.mark.parametrize(("market", "least_share"), [({}, 0.0), (NO_MAKERS, 0.2)], ids=["plain", "no makers"])
def test_arbitrageurs_bring_months_in_line_with_their_neighbours(market, least_share):
    """In the baseline makers leave little to do; without them nearly a third of the unevenness goes."""
    mean, error, before = change(curve_out_of_line, market, market | SIX)
    assert (mean + 1.96 * error < -least_share * before).all()


@pytest.mark.verify
def test_arbitrageurs_leave_no_gain_between_a_spread_and_its_legs():
    quoted = SIX | ONE_MONTH_SPREADS | NO_MAKERS
    mean, error, before = change(free_lunches, quoted | QUOTES_ONLY, quoted)
    assert mean + 1.96 * error < 0.0
    assert mean < -0.5 * before

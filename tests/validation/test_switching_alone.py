"""Switching traders alone: the market of Lux and Marchesi (2000), parameter set IV, through our exchange.

One month, 500 traders, one round an elementary step of 0.01 units of time, a unit a day; a maker stands ready
for every order and moves its price as their auctioneer does. Held against a plain simulation of the model,
its findings, and the stability of its mean field.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import lux_marchesi_model as model
import numpy as np
import pytest
from bare_market import bare_market
from standing_maker import Bystander, StandingMaker

from analysis.stylised_facts import excess_kurtosis, tail_index

pytestmark = pytest.mark.verify

LOTS = 100
"""Lots of a chartist in a round: so many that rounding the orders of others is no noise to speak of."""
SEEDS, DAYS = range(1, 17), 125
TICKS = 1_000


class Path(NamedTuple):
    """Prices and shares of chartists at the end of each day, moods and prices of every round."""

    price: np.ndarray
    share: np.ndarray
    moods: np.ndarray
    prices: np.ndarray


@cache
def path(seed: int, days: int, *, chartists: float = 0.1, news: float = 0.0, switches: bool = True) -> Path:
    """Play a market; ``chartists`` is their share on the first day, which stays unless anybody switches."""
    rule = StandingMaker(
        value_ticks=round(model.VALUE * TICKS), beta=model.BETA, sigma_mu=model.SIGMA_MU,
        lots_per_demand=LOTS * model.N / model.T_C, news=news, seed=seed,
    )  # fmt: skip
    a_day = LOTS * model.STEPS
    own = {
        "count": model.N, "chartist_share": chartists, "chartist_lots_per_day": a_day,
        "value_lots_per_day": a_day * model.T_F / model.T_C * model.VALUE, "max_position_lots": 10**9,
        "cash_usd": 1e8, "strategy_rate": model.NU_2 if switches else 0.0,
    }  # fmt: skip
    silent = {f"agents__{name}__count": 0 for name in ("noise", "fundamentalists", "chartists")}
    market, _ = bare_market(
        (Bystander,), [rule], seed,
        calendar__rounds_per_day=model.STEPS, contract__listed_months=1, contract__tick_size_usd=1 / TICKS,
        contract__contract_size_msit=1, spot__initial_price_usd=model.VALUE,
        exchange__max_order_lots=1_000_000, exchange__spreads__lengths=(),
        exchange__market_data__trades_shown=0, agents__market_makers__count=0,
        **silent, **{f"agents__switching__{name}": value for name, value in own.items()},
    )  # fmt: skip
    population = next(p for p in market.populations if p.name == "switching")
    for name in population.activity_columns:  # the bare market silences everybody
        population.columns[name] = own[name]
    for _ in range(days * model.STEPS):
        market.step()
    groups, prices = np.array(rule.groups), np.array(rule.prices) / TICKS
    assert (groups.sum(axis=1) == model.N).all()
    chartist = groups[:, 0] + groups[:, 1]
    ends = slice(model.STEPS - 1, None, model.STEPS)
    return Path(prices[ends], chartist[ends] / model.N, (groups[:, 0] - groups[:, 1]) / chartist, prices)


def days_of(seeds, days, **how) -> tuple[np.ndarray, np.ndarray]:
    """Daily log returns and the shares before them, shape (days - 1, seeds)."""
    paths = [path(seed, days, **how) for seed in seeds]
    log_price = np.log([one.price for one in paths]).T
    return np.diff(log_price, axis=0), np.array([one.share for one in paths]).T[:-1]


def correlation(series: np.ndarray, lag: int) -> float:
    """Autocorrelation of many series with one mean."""
    centred = series - series.mean()
    return float((centred[lag:] * centred[:-lag]).sum() / (centred**2).sum())


def measures(returns: np.ndarray, share: np.ndarray) -> dict[str, float]:
    """Numbers whose errors are near to normal; what is positive is measured by its log."""
    size = np.abs(returns)
    return {
        "share of chartists": share.mean(),
        "log standard deviation": math.log(returns.std()),
        "log mean absolute return": math.log(size.mean()),
        "log kurtosis": math.log(3.0 + excess_kurtosis(returns)),
        "log tail index": math.log(tail_index(returns.ravel())),
        "correlation of returns": correlation(returns, 1),
        "of their size at lag 1": correlation(size, 1),
        "of their size at lag 10": correlation(size, 10),
        "of their size with the share": np.corrcoef(size.ravel(), share.ravel())[0, 1],
    }


@cache
def plain_model() -> np.ndarray:
    """The same numbers of 60 worlds of the plain model, as large as ours, shape (worlds, measures)."""
    worlds, each = 60, len(SEEDS)
    prices, shares = model.simulate(np.random.default_rng(2), worlds * each, DAYS, chartists=50)
    returns = np.diff(np.log(prices), axis=0)
    parts = [slice(each * world, each * (world + 1)) for world in range(worlds)]
    return np.array([list(measures(returns[:, p], shares[:-1, p]).values()) for p in parts])


def test_the_market_has_the_statistics_of_the_plain_model():
    """Each number within four standard deviations of what a world of this size gives."""
    ours, theirs = measures(*days_of(SEEDS, DAYS)), plain_model()
    away = (np.array(list(ours.values())) - theirs.mean(axis=0)) / theirs.std(axis=0, ddof=1)
    for name, distance in zip(ours, away, strict=True):
        assert abs(distance) < 4.0, name


def test_tails_are_fat_and_the_size_of_returns_has_a_memory_without_any_news():
    """The value never moves. 1,984 returns: a normal law would give .0 +- .11 and correlations of +- .022."""
    returns, _ = days_of(SEEDS, DAYS)
    assert excess_kurtosis(returns) > 1.0
    assert 2.0 < tail_index(returns.ravel()) < 5.0
    assert correlation(np.abs(returns), 1) > 4 * 0.022
    assert correlation(np.abs(returns), 10) > 4 * 0.022


def test_without_switching_there_is_neither():
    """The same market with the first roles for ever, 4 x 60 days: within four standard errors of nothing."""
    returns, share = days_of(SEEDS[:4], 60, switches=False)
    assert (share == 0.1).all()
    assert abs(excess_kurtosis(returns)) < 4 * math.sqrt(24 / returns.size)
    assert abs(correlation(np.abs(returns), 10)) < 4 / math.sqrt(returns.size)


def test_with_news_returns_are_all_but_uncorrelated_and_the_price_has_a_unit_root():
    """News of 0.5 % a day: five lags within four standard errors of nothing.

    Dickey-Fuller with four lags rejects a unit root at 5 % in no more than that of 300 plain worlds, give or
    take four binomial errors, and in one of our four markets at most (two: a chance of 1.4 %).
    """
    returns, _ = days_of(SEEDS[:4], DAYS, news=0.005)
    for lag in range(1, 6):
        assert abs(correlation(returns, lag)) < 4 / math.sqrt(returns.size)
    plain, _ = model.simulate(np.random.default_rng(3), 300, DAYS, chartists=50, news=0.005)
    rejected = np.array([dickey_fuller(series) < -2.88 for series in np.log(plain).T])
    assert rejected.mean() < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 300)
    ours = [dickey_fuller(np.log(path(seed, DAYS, news=0.005).price)) for seed in SEEDS[:4]]
    assert sum(value < -2.88 for value in ours) <= 1


def dickey_fuller(series: np.ndarray, lags: int = 4) -> float:
    """t-value of the slope of changes on levels, with a constant and lagged changes."""
    change = np.diff(series)
    count = len(change) - lags
    lagged = [change[lags - lag : -lag] for lag in range(1, lags + 1)]
    columns = np.array([series[lags:-1], np.ones(count), *lagged]).T
    slopes = np.linalg.lstsq(columns, change[lags:], rcond=None)[0]
    residual = change[lags:] - columns @ slopes
    error = np.linalg.inv(columns.T @ columns)[0, 0] * (residual**2).sum() / (count - columns.shape[1])
    return float(slopes[0] / math.sqrt(error))


def test_the_equilibrium_of_the_mean_field_is_stable_up_to_a_critical_share():
    """Any share rests at value without a mood; the closed Jacobian is that of the equations, and turns."""
    critical = model.critical_share()
    assert critical == pytest.approx(0.762, abs=5e-4)
    for z in (0.1, 0.5, critical - 0.005, critical + 0.005, 0.95):
        assert np.abs(model.mean_field(0.0, z, model.VALUE)).max() < 1e-12
        step, numeric = 1e-6, np.zeros((2, 2))
        for column, shift in enumerate([(step, 0.0), (0.0, step)]):
            ahead = model.mean_field(shift[0], z, model.VALUE + shift[1])
            behind = model.mean_field(-shift[0], z, model.VALUE - shift[1])
            numeric[:, column] = (ahead - behind)[[0, 2]] / (2 * step)
        np.testing.assert_allclose(model.jacobian(z), numeric, rtol=1e-6, atol=1e-8)
        grows = np.linalg.eigvals(model.jacobian(z)).real.max() > 0.0
        assert grows == (z > critical)


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_below_the_critical_share_price_and_mood_swing_as_the_linear_theory_says(share):
    """Root mean squares of four runs of 40 days with a fixed share: within four of their standard errors."""
    spread = np.sqrt([[(mood**2).mean(), (gap**2).mean()] for mood, gap in swings(share)])
    errors = spread.std(axis=0, ddof=1) / math.sqrt(len(spread))
    expected = np.array(model.linear_spread(share))
    assert (np.abs(spread.mean(axis=0) - expected) < 4 * errors).all()
    assert (errors < 0.15 * expected).all()


def swings(share: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Moods and gaps between price and value in each round after the fifth day, share held fixed."""
    paths = [path(seed, 40, chartists=share, switches=False) for seed in SEEDS[:4]]
    later = slice(5 * model.STEPS, None)
    return [(one.moods[later], one.prices[later] - model.VALUE) for one in paths]


def test_above_the_critical_share_it_swings_wildly():
    """A fifth of the price above, under 2 % below: the calm state is gone, not just noisier."""
    calm, wild = (np.mean([gap.std() for _, gap in swings(share)]) for share in (0.5, 0.95))
    assert calm < 0.02 * model.VALUE
    assert wild > 0.2 * model.VALUE


def test_bursts_come_when_chartists_are_many_and_end_when_they_leave():
    """Four markets that begin with nine chartists in ten, beside those that begin with one in ten."""
    critical = model.critical_share()
    returns, share = days_of(SEEDS[:4], 60, chartists=0.9)
    size = np.abs(returns)
    burst, after = size[share > critical].mean(), size[share < critical - 0.1].mean()
    calm, few = days_of(SEEDS, DAYS)
    assert (few < critical).all()
    assert burst > 1.5 * after
    assert burst > 10 * np.abs(calm).mean()
    assert (share[0] > critical).all()
    assert share[-10:].mean() < critical < share[:10].mean()  # recruits leave while price and value are apart

"""Provider quotes: around the spot price, with a stationary basis, and an index that is the spot price."""

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.index.index import IndexFixing, token_price_index
from abm.spot.index.providers import ProviderQuotes

OFFSETS = (0.087, 0.642, -0.155, -1.886, 0.3)
SHARES = (25.0, 20.0, 15.0, 60.0, 10.0)


def quotes(seed=1, **changes):
    arguments = {"weight_cap": 0.30, "basis_kappa": 20.0, "basis_sd": 0.08} | changes
    return ProviderQuotes(OFFSETS, SHARES, rng=np.random.default_rng(seed), **arguments)


def index_value(prices):
    fixing = token_price_index(
        prices, SHARES, qualities=np.full(5, 86.0), reference_quality=86.0, minimum_quality=86.0
    )
    assert isinstance(fixing, IndexFixing)
    return fixing.value_usd


def test_without_basis_the_index_of_the_quotes_is_the_spot_price():
    market = quotes(basis_sd=0.0)
    for spot in (0.2, 3.0, 60.0):
        prices = market.advance(spot, 1 / 252, np.random.default_rng(2))
        assert index_value(prices) == pytest.approx(spot, rel=1e-14)
        assert np.log(prices / prices[0]) == pytest.approx(np.array(OFFSETS) - OFFSETS[0], abs=1e-14)


def test_on_average_the_index_of_the_quotes_is_the_spot_price():
    market, rng = quotes(basis_sd=0.3), np.random.default_rng(3)
    values = np.array([index_value(market.advance(3.0, 0.5, rng)) for _ in range(4000)])
    assert abs(values.mean() - 3.0) < 4 * values.std(ddof=1) / math.sqrt(values.size)
    assert values.std() > 0.1


def test_bases_are_stationary_from_the_first_day_and_revert_at_their_speed():
    starts = np.concatenate([quotes(seed).basis for seed in range(2000)])
    assert abs(starts.mean()) < 4 * 0.08 / math.sqrt(starts.size)
    assert starts.std() == pytest.approx(0.08, rel=4 / math.sqrt(2 * starts.size))
    market, rng = quotes(), np.random.default_rng(4)
    history = np.empty((20_000, 5))
    for day in range(len(history)):
        market.advance(3.0, 1 / 252, rng)
        history[day] = market.basis
    memory = math.exp(-20.0 / 252)
    # A slowly forgetting series has far fewer independent days than days.
    independent = history.size * (1 - memory**2) / (1 + memory**2)
    assert history.std() == pytest.approx(0.08, rel=4 / math.sqrt(2 * independent))
    autocorrelation = (history[1:] * history[:-1]).mean() / (history**2).mean()
    assert autocorrelation == pytest.approx(memory, abs=4 * math.sqrt((1 - memory**2) / history.size))
    crossed = np.corrcoef(history, rowvar=False)[np.triu_indices(5, 1)]
    assert np.abs(crossed).max() < 4 / math.sqrt(independent / 5)


def test_two_half_days_are_as_good_as_one_day():
    def variance_after(steps, count=20_000):
        market = ProviderQuotes(
            np.zeros(count),
            np.ones(count),
            weight_cap=0.30,
            basis_kappa=20.0,
            basis_sd=0.08,
            rng=np.random.default_rng(5),
        )
        market.basis = np.full(count, 0.5)
        rng = np.random.default_rng(6)
        for _ in range(steps):
            market.advance(1.0, 0.02 / steps, rng)
        return market.basis

    decay = math.exp(-0.4)
    for steps in (1, 2):
        basis = variance_after(steps)
        spread = 0.08 * math.sqrt(1 - decay**2)
        assert basis.mean() == pytest.approx(0.5 * decay, abs=4 * spread / math.sqrt(basis.size))
        assert basis.std() == pytest.approx(spread, rel=4 / math.sqrt(2 * basis.size))


def test_the_spot_price_moves_all_quotes_and_no_basis():
    cheap, dear = quotes(), quotes()
    low = cheap.advance(1.0, 1 / 252, np.random.default_rng(7))
    high = dear.advance(2.5, 1 / 252, np.random.default_rng(7))
    assert high == pytest.approx(2.5 * low, rel=1e-14)
    assert cheap.basis.tolist() == dear.basis.tolist()
    assert cheap.quote(1.0).tolist() == low.tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"basis_kappa": 0.0}, "basis_kappa: 0.0 is not a finite number > 0"),
        ({"basis_sd": -0.1}, "basis_sd: -0.1 is not a finite number >= 0"),
        ({"weight_cap": 0.1}, "cap: 0.1 is not >= 1/5"),
    ],
)
def test_refused_quotes_name_field_value_and_what_is_allowed(changes, message):
    with pytest.raises(ParameterError, match=message):
        quotes(**changes)


def test_quotes_need_as_many_shares_as_offsets_and_a_positive_spot_price():
    with pytest.raises(ParameterError, match=r"volume_shares: .* is not a list of 1"):
        ProviderQuotes(
            [0.0], [1] * 4, weight_cap=0.3, basis_kappa=20.0, basis_sd=0.0, rng=np.random.default_rng(1)
        )
    with pytest.raises(ParameterError, match="spot_usd: nan is not a finite number > 0"):
        quotes().quote(math.nan)

"""Outages of price feeds: the last quote stands, grows stale, drops out, and the fixing falls back."""

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.index.fixing import publish_fixing
from abm.spot.index.index import IndexFixing, IndexUnavailable, UnavailableReason, token_price_index
from abm.spot.index.list_price_quotes import ListPriceQuotes
from abm.spot.index.outages import QuoteOutages
from abm.spot.index.providers import ProviderQuotes

DAY = 1 / 252
OFFSETS, SHARES = (0.1, -0.1, 0.2, 0.0, -0.2), (20.0, 20.0, 20.0, 20.0, 20.0)


def following_quotes(**outages):
    return ProviderQuotes(
        OFFSETS,
        SHARES,
        weight_cap=0.30,
        basis_kappa=20.0,
        basis_sd=0.08,
        rng=np.random.default_rng(1),
        **outages,
    )


def list_quotes(**outages):
    return ListPriceQuotes(
        OFFSETS,
        SHARES,
        weight_cap=0.30,
        basis_kappa=20.0,
        basis_sd=0.08,
        initial_spot_usd=3.0,
        trend_per_year=0.5,
        rng=np.random.default_rng(1),
        **outages,
    )


both_kinds = pytest.mark.parametrize("make", [following_quotes, list_quotes])


def often(seed=2):
    return {
        "outage_rate_per_year": 12.0,
        "outage_days": 10.0,
        "outage_rng": np.random.default_rng(seed),
    }


def index_of(market, prices, stale_after_days=5):
    return token_price_index(
        prices,
        market.volume_shares,
        qualities=np.full(5, 86.0),
        reference_quality=86.0,
        minimum_quality=86.0,
        age_days=market.ages_days,
        stale_after_days=stale_after_days,
    )


@both_kinds
def test_without_outages_every_quote_is_fresh_and_no_draw_is_made(make):
    market, rng = make(), np.random.default_rng(3)
    for _ in range(50):
        market.advance(3.0, DAY, rng)
        assert market.ages_days.tolist() == [0.0] * 5


@both_kinds
def test_outages_change_no_draw_of_the_quotes_themselves(make):
    calm, troubled = make(), make(**often())
    calm_rng, troubled_rng = np.random.default_rng(3), np.random.default_rng(3)
    outages = 0
    for _ in range(200):
        reliable = calm.advance(3.0, DAY, calm_rng)
        published = troubled.advance(3.0, DAY, troubled_rng)
        fresh = troubled.ages_days == 0.0
        outages += int((~fresh).sum())
        assert published[fresh].tolist() == reliable[fresh].tolist()
        assert troubled.basis.tolist() == calm.basis.tolist()
    assert outages > 100


@both_kinds
def test_in_an_outage_the_last_published_price_stands_and_its_age_grows_by_a_day_a_day(make):
    market, rng = make(**often()), np.random.default_rng(3)
    prices, ages = market.advance(3.0, DAY, rng), market.ages_days
    longest = 0.0
    for spot in np.linspace(3.0, 9.0, 300):
        later = market.advance(spot, DAY, rng)
        silent = market.ages_days > 0.0
        assert later[silent].tolist() == prices[silent].tolist()
        assert market.ages_days[silent] == pytest.approx(ages[silent] + 1.0)
        assert market.quote(spot).tolist() == later.tolist()
        prices, ages = later, market.ages_days
        longest = max(longest, ages.max())
    assert longest > 10.0


def test_the_index_drops_a_stale_provider_and_the_fixing_falls_back_when_fewer_than_four_are_left():
    market, rng = following_quotes(**often()), np.random.default_rng(3)
    prior, seen = None, set()
    for _ in range(400):
        prices = market.advance(3.0, DAY, rng)
        outcome = index_of(market, prices)
        stale = market.ages_days > 5.0
        published = publish_fixing(outcome, prior)
        seen.add(int(stale.sum()))
        if stale.sum() <= 1:
            assert isinstance(outcome, IndexFixing)
            assert (outcome.weights == 0.0).tolist() == stale.tolist()
            assert published.available
        else:
            few = 5 - int(stale.sum())
            assert outcome == IndexUnavailable(few, UnavailableReason.TOO_FEW_PROVIDERS)
            assert published == (prior, False)
        prior = published.usd_micro
    assert {0, 1, 2} <= seen


def test_outages_are_as_frequent_and_as_long_as_asked_at_any_step():
    for step in (DAY, 5 * DAY):
        outages = QuoteOutages(
            2_000, rate_per_year=6.0, mean_days=10.5, days_per_year=252.0, rng=np.random.default_rng(4)
        )
        silent = np.array([outages.advance(step) for _ in range(400)])
        # Out of service 10.5 of every 10.5 + 42 days; a day's memory is short, an outage's is not.
        share = silent[len(silent) // 4 :].mean(axis=0)
        assert share.mean() == pytest.approx(0.2, abs=4 * share.std(ddof=1) / math.sqrt(share.size))
        begins = (~silent[:-1] & silent[1:]).sum() / (~silent[:-1]).sum()
        both = 6.0 + 24.0
        expected = 6.0 / both * -math.expm1(-both * step)
        assert begins == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate_per_year": -1.0}, "outage_rate_per_year: -1.0 is not a finite number >= 0"),
        ({"rate_per_year": 1.0}, "outage_days: 0.0 is not > 0 when there are outages"),
        ({"rate_per_year": 1.0, "mean_days": 5.0}, "outage_rng: None is not a generator"),
        ({"days_per_year": 0.0}, "days_per_year: 0.0 is not a finite number > 0"),
        ({"mean_days": math.inf}, "outage_days: inf is not a finite number >= 0"),
    ],
)
def test_refused_outages_name_field_value_and_what_is_allowed(arguments, message):
    with pytest.raises(ParameterError, match=message):
        QuoteOutages(4, **arguments)

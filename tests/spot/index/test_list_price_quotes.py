"""List prices: rare changes with the measured frequency and sizes, around a spot price they follow slowly."""

import math
from dataclasses import replace

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.index.index import token_price_index
from abm.spot.index.index_measures import index_tracking
from abm.spot.index.list_price_dynamics import ListPriceDynamics
from abm.spot.index.list_price_quotes import ListPriceQuotes
from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

DAY = 1 / 252
MEASURED = ListPriceDynamics()
OFFSETS, SHARES = (0.087, 0.642, -0.155, -1.886, 0.3), (25.0, 20.0, 15.0, 60.0, 10.0)


def list_prices(seed=1, offsets=OFFSETS, shares=SHARES, **changes):
    arguments = {
        "weight_cap": 0.30,
        "basis_kappa": 20.0,
        "basis_sd": 0.08,
        "initial_spot_usd": 3.0,
        "trend_per_year": 0.5,
    } | changes
    return ListPriceQuotes(offsets, shares, rng=np.random.default_rng(seed), **arguments)


def observed_changes(market, spots, rng):
    """Signed log changes of all list prices along a path of spot prices, one a day."""
    changes = []
    before = market.list_prices_usd
    for spot in spots:
        market.advance(spot, DAY, rng)
        changed = market.changed
        changes.append(np.log(market.list_prices_usd[changed] / before[changed]))
        before = market.list_prices_usd
    return np.concatenate(changes)


def test_the_measured_numbers_imply_a_fall_of_half_a_log_unit_a_year():
    assert MEASURED.consistent_trend_per_year == pytest.approx(4.6 * 0.36 * 0.30)
    at_home = MEASURED.predicted(MEASURED.consistent_trend_per_year)
    assert at_home.changes_per_year == 4.6
    assert at_home.mean_log_change == pytest.approx(-0.36 * 0.30)
    assert at_home.mean_abs_log_change == pytest.approx(0.30, abs=1e-9)
    assert at_home.sd_log_change == pytest.approx(0.45, abs=1e-12)
    assert at_home.share_down == pytest.approx(0.68, abs=0.04)


def test_the_papers_trend_asks_for_larger_cuts_than_were_measured():
    fast = MEASURED.predicted(1.84)
    assert fast.mean_log_change == pytest.approx(-0.40)
    assert abs(fast.mean_log_change) > MEASURED.mean_abs_log_change
    assert fast.share_down == pytest.approx(0.835, abs=0.001)
    assert fast.mean_abs_log_change == pytest.approx(0.509, abs=0.001)
    flat = MEASURED.predicted(0.0)
    assert (flat.share_down, flat.mean_log_change) == pytest.approx((0.5, 0.0))
    rising = MEASURED.predicted(-1.84)
    assert rising.share_down == pytest.approx(1.0 - fast.share_down)


def test_predicted_sizes_are_those_of_the_law_they_are_integrals_of():
    rng, count, fall = np.random.default_rng(5), 400_000, 0.25
    ages = rng.standard_exponential(count)

    def errors():
        sizes = MEASURED.error_scale * rng.laplace(size=count)
        return np.where(rng.random(count) < MEASURED.error_probability, sizes, 0.0)

    news = 0.16 * np.sqrt(ages) * rng.standard_normal(count)
    drawn = -fall * ages + news + errors() - errors()
    predicted = MEASURED.predicted(fall * 4.6)
    sizes = np.abs(drawn)
    assert sizes.mean() == pytest.approx(
        predicted.mean_abs_log_change, abs=4 * sizes.std() / math.sqrt(count)
    )
    assert (drawn < 0.0).mean() == pytest.approx(predicted.share_down, abs=4 * 0.5 / math.sqrt(count))
    assert drawn.std() == pytest.approx(predicted.sd_log_change, rel=0.01)


def test_wilder_measured_changes_mean_rarer_and_larger_pricing_errors():
    wild = replace(MEASURED, sd_log_change=0.60)
    assert wild.error_probability < MEASURED.error_probability
    assert wild.error_scale > MEASURED.error_scale
    assert wild.predicted(wild.consistent_trend_per_year).mean_abs_log_change == pytest.approx(0.30)


def test_prices_stand_still_between_changes_whatever_the_spot_price_does():
    market, rng = list_prices(), np.random.default_rng(2)
    changes = 0
    for spot in np.linspace(3.0, 1.0, 252):
        before = market.list_prices_usd
        published = market.advance(spot, DAY, rng)
        assert published.tolist() == market.list_prices_usd.tolist() == market.quote(99.0).tolist()
        assert ((published != before) == market.changed).all()
        changes += int(market.changed.sum())
    assert 5 < changes < 50


def test_prices_change_as_often_as_measured_and_so_follow_the_level_down():
    market = list_prices(offsets=np.zeros(500), shares=np.ones(500))
    spots = 3.0 * np.exp(-0.5 * DAY * np.arange(1, 3 * 252 + 1))
    changes = observed_changes(market, spots, np.random.default_rng(3))
    expected = 500 * len(spots) * -math.expm1(-4.6 * DAY)
    assert len(changes) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    assert changes.mean() == pytest.approx(-0.5 / 4.6, abs=4 * 0.45 / math.sqrt(len(changes)))


@pytest.mark.parametrize("trend", [-0.5, 0.5, 1.84])
def test_on_average_a_quote_is_its_multiple_of_the_spot_price_from_the_first_day_on(trend):
    offsets = np.tile([0.0, 0.5], 10_000)
    market = list_prices(offsets=offsets, shares=np.ones(20_000), trend_per_year=trend)
    rng = np.random.default_rng(4)
    spot = 3.0
    for step in range(13):
        ratios = market.list_prices_usd / (spot * market.expected_multiples)
        assert ratios.mean() == pytest.approx(1.0, abs=4 * ratios.std() / math.sqrt(ratios.size))
        assert market.basis.mean() == pytest.approx(0.0, abs=4 * market.basis.std() / math.sqrt(20_000))
        spot = 3.0 * math.exp(-trend * 0.01 * (step + 1))
        market.advance(spot, 0.01, rng)
    assert market.index_weights @ market.expected_multiples == pytest.approx(1.0)


def test_a_jump_of_the_spot_price_arrives_as_prices_are_revised():
    calm = list_prices(offsets=np.zeros(4000), shares=np.ones(4000), basis_sd=0.0, trend_per_year=0.0)
    shocked = list_prices(offsets=np.zeros(4000), shares=np.ones(4000), basis_sd=0.0, trend_per_year=0.0)
    calm_rng, shocked_rng = np.random.default_rng(5), np.random.default_rng(5)
    for day in range(1, 127):
        before = calm.advance(3.0, DAY, calm_rng)
        after = shocked.advance(6.0, DAY, shocked_rng)
        passed = np.log(after / before) / math.log(2.0)
        if day in (1, 21, 126):
            arrived = -math.expm1(-4.6 * DAY * day)
            assert passed.mean() == pytest.approx(arrived, abs=4 * math.sqrt(arrived * (1 - arrived) / 4000))
    assert set(np.round(passed, 12)) == {0.0, 1.0}


def test_one_providers_path_does_not_depend_on_the_parameters_of_another():
    busy = replace(MEASURED, changes_per_year=50.0, sd_log_change=0.6)
    alike = list_prices()
    mixed = list_prices(dynamics=[busy] + [MEASURED] * 4)
    alike_rng, mixed_rng = np.random.default_rng(6), np.random.default_rng(6)
    for _ in range(252):
        plain, odd = alike.advance(3.0, DAY, alike_rng), mixed.advance(3.0, DAY, mixed_rng)
        assert plain[1:].tolist() == odd[1:].tolist()
    assert plain[0] != odd[0]
    assert alike_rng.random() == mixed_rng.random()


def test_the_index_of_the_quotes_is_the_token_price_index_of_their_shares():
    market = list_prices()
    fixing = token_price_index(
        market.quote(3.0), SHARES, qualities=[86.0] * 5, reference_quality=86.0, minimum_quality=86.0
    )
    assert fixing.weights == pytest.approx(market.index_weights)
    assert fixing.value_usd == pytest.approx(market.index_weights @ market.list_prices_usd)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ListPriceDynamics(changes_per_year=0.0),
            "list_prices.changes_per_year: 0.0 is not a finite",
        ),
        (lambda: ListPriceDynamics(share_down=1.0), r"list_prices.share_down: 1.0 is not in \(0, 1\)"),
        (lambda: ListPriceDynamics(sd_log_change=0.15), "list_prices.sd_log_change: 0.15 is not >= 0.193"),
        (lambda: ListPriceDynamics(sd_log_change=0.35), r"list_prices.mean_abs_log_change: 0.3 is not in \["),
        (lambda: ListPriceDynamics(sd_log_change=0.70), "list_prices.sd_log_change: 0.7 is not small enough"),
        (lambda: ListPriceDynamics(target_change_sd=-1.0), "list_prices.target_change_sd: -1.0 is not"),
        (lambda: MEASURED.predicted(math.nan), "trend_per_year: nan is not a finite number"),
        (lambda: list_prices(trend_per_year=4.6), "trend_per_year: 4.6 is not a finite number < 4.6"),
        (lambda: list_prices(initial_spot_usd=0.0), "initial_spot_usd: 0.0 is not a finite number > 0"),
        (lambda: list_prices(basis_kappa=0.0), "basis_kappa: 0.0 is not a finite number > 0"),
        (lambda: list_prices(basis_sd=-1.0), "basis_sd: -1.0 is not a finite number >= 0"),
        (lambda: list_prices(dynamics=[MEASURED]), "dynamics: 1 is not one, or one for each of 5"),
        (lambda: list_prices(shares=[1.0] * 4), "volume_shares: .* is not a list of 5"),
        (lambda: list_prices().quote(-1.0), "spot_usd: -1.0 is not a finite number > 0"),
        (lambda: list_prices().advance(3.0, -1.0, None), "dt: -1.0 is not a finite number >= 0"),
    ],
)
def test_refused_list_prices_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def baseline_paths(trend, years, count, rng):
    process = MeanRevertingJumpDiffusion(
        4.0, 0.25, 4.0, DoubleExponentialJumps(0.32, 12.5, 10.0), Level(3.0, trend)
    )
    days = np.arange(252 * years + 1) / 252
    return process.simulate(days, count, rng)[1]


@pytest.mark.verify
def test_around_the_baseline_spot_price_list_prices_behave_as_measured():
    """Frequency, shares and sizes of simulated changes against those of July and August 2026.

    Changes of one simulation share its spot path, so the tolerances are wider than sampling error of
    independent changes: 3 % of the frequency, 0.02 on sizes and deviation, 0.05 on the share of cuts.
    """
    rng = np.random.default_rng(7)
    trend = MEASURED.consistent_trend_per_year
    changes = []
    for path in baseline_paths(trend, 4, 20, rng):
        market = list_prices(
            offsets=np.zeros(100), shares=np.ones(100), trend_per_year=trend, initial_spot_usd=path[0]
        )
        changes.append(observed_changes(market, path[1:], rng))
    pooled = np.concatenate(changes)
    assert len(pooled) / (20 * 4 * 100) == pytest.approx(4.6, rel=0.03)
    assert (pooled < 0.0).mean() == pytest.approx(0.68, abs=0.05)
    assert np.abs(pooled).mean() == pytest.approx(0.30, abs=0.02)
    assert -pooled[pooled < 0.0].mean() == pytest.approx(0.30, abs=0.04)
    assert pooled[pooled > 0.0].mean() == pytest.approx(0.30, abs=0.04)
    assert pooled.std() == pytest.approx(0.45, abs=0.02)


@pytest.mark.verify
def test_an_index_of_six_list_prices_follows_the_baseline_spot_price_over_quarters_not_days():
    rng = np.random.default_rng(8)
    trend = MEASURED.consistent_trend_per_year
    tracked = {1: [], 63: []}
    for path in baseline_paths(trend, 20, 8, rng):
        market = list_prices(
            offsets=np.zeros(6), shares=np.ones(6), trend_per_year=trend, initial_spot_usd=path[0]
        )
        index = np.array(
            [market.quote(path[0]).mean()] + [market.advance(s, DAY, rng).mean() for s in path[1:]]
        )
        for horizon, results in tracked.items():
            results.append(index_tracking(index, path, horizon=horizon))
    daily, quarterly = (np.array(results).mean(axis=0) for results in tracked.values())
    assert daily[0] == pytest.approx(0.0, abs=0.06)
    assert 0.12 < daily[1] < 0.20
    assert abs(daily[2]) < 0.10
    assert 0.10 < quarterly[2] < 0.45
    assert quarterly[3] < 0.6

"""Facts of the trading day: within their null where there is only chance, beyond it where one is put in."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf
from test_stylised_facts import long_memory_signs

import analysis
from abm.recording import read_run
from analysis.day_facts import (
    activity_of_parts,
    edge_activity,
    next_fixing_correlation,
    overnight_share,
    rounds_of_part,
    sign_exponent,
    sign_memory,
)

FORMAT_4 = Path(__file__).parents[1] / "recording" / "folders" / "format-4"
DAYS, ROUNDS = 250, 24


def walk(seed: int, night: float = 1.0) -> np.ndarray:
    """Log mids of a random walk whose first step of the day has ``night`` times the size of the others."""
    steps = np.random.default_rng(seed).normal(0.0, 0.001, (DAYS, ROUNDS))
    steps[:, 0] *= night
    return steps.ravel().cumsum().reshape(DAYS, ROUNDS)


ONE_MONTH = np.zeros(DAYS, dtype=np.int64)


def share_within(make, seeds: int = 400) -> float:
    return np.mean([not make(seed).beyond_null for seed in range(seeds)])


def test_chance_alone_is_within_the_null_in_nineteen_of_twenty_runs():
    def volume(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).poisson(20, (DAYS, ROUNDS)).astype(float)

    def changes(seed: int) -> np.ndarray:
        return np.random.default_rng(1_000 + seed).normal(size=DAYS)

    error = 4 * math.sqrt(0.05 * 0.95 / 400)
    for make in (
        lambda seed: overnight_share(walk(seed), ONE_MONTH),
        lambda seed: next_fixing_correlation(walk(seed), changes(seed)),
        lambda seed: edge_activity(volume(seed)),
        lambda seed: sign_memory(np.random.default_rng(seed).choice([-1.0, 1.0], 2_000)),
    ):
        assert share_within(make) == pytest.approx(0.95, abs=error)


def test_a_night_of_three_rounds_size_has_nine_rounds_of_the_variance():
    found = overnight_share(walk(1, night=3.0), ONE_MONTH)
    expected = 9 / (9 + ROUNDS - 1)
    assert found.value == pytest.approx(expected, rel=4 * math.sqrt(2 / DAYS))
    assert found.null == 1 / ROUNDS
    assert found.beyond_null


def test_a_night_between_two_months_is_no_step():
    log_mid = np.array([[1.0, 1.1], [1.1, 1.2], [9.0, 9.1], [9.1, 9.2], [9.2, 9.3]])
    found = overnight_share(log_mid, np.array([0, 0, 1, 1, 1]))
    assert (found.value, found.observations) == (pytest.approx(0.0, abs=1e-20), 3)


def test_prices_that_move_half_way_to_the_next_fixing_correlate_with_it():
    rng = np.random.default_rng(2)
    news = rng.normal(size=DAYS)
    log_mid = np.zeros((DAYS, ROUNDS))
    log_mid[:, -1] = news + rng.normal(size=DAYS)
    news[-1] = math.nan
    found = next_fixing_correlation(log_mid, news)
    assert found.value == pytest.approx(math.sqrt(0.5), abs=4 * 0.5 / math.sqrt(DAYS))
    assert found.observations == DAYS - 1
    assert found.beyond_null


def test_twice_the_volume_at_both_ends_is_two_fifths_of_the_day():
    volume = np.random.default_rng(3).poisson(200, (DAYS, 24)).astype(float)
    volume[:, :3] *= 2
    volume[:, -3:] *= 2
    found = edge_activity(volume)
    assert found.value == pytest.approx(12 / 30, rel=0.01)
    assert found.null == 6 / 24
    assert found.beyond_null


def test_orders_that_repeat_their_side_have_a_memory_of_known_size():
    """A side kept with chance .9 each time: the autocorrelation at lag k is .8^k."""
    flips = np.random.default_rng(4).random(40_000) < 0.1
    signs = np.where(np.cumsum(flips) % 2, 1.0, -1.0)
    found = sign_memory(signs)
    assert found.value == pytest.approx(np.mean(0.8 ** np.arange(1, 11)), abs=0.03)
    assert found.beyond_null


def test_the_bounds_of_chance_are_those_of_shuffling():
    """Signs nine tenths of one side, and pairs of heavy tails: the closed form holds whatever they are."""
    rng = np.random.default_rng(5)
    signs = rng.choice([1.0, -1.0], 1_500, p=[0.9, 0.1])
    shuffled = [sign_memory(rng.permutation(signs)).value for _ in range(300)]
    assert 2 * np.std(shuffled) == pytest.approx(sign_memory(signs).null_high, rel=4 / math.sqrt(2 * 300))
    moved = np.column_stack([np.zeros(DAYS), rng.standard_t(3, DAYS)])
    news = rng.standard_t(3, DAYS)
    pairs = [next_fixing_correlation(moved, rng.permutation(news)).value for _ in range(600)]
    bound = next_fixing_correlation(moved, news).null_high
    assert 2 * np.std(pairs) == pytest.approx(bound, rel=4 / math.sqrt(2 * 600) + 1 / DAYS)


def test_the_memory_of_signs_is_the_autocorrelation_of_statsmodels():
    signs = np.random.default_rng(6).choice([-1.0, 1.0], 800)
    other = acf(signs, nlags=10, adjusted=True)[1:]  # by pairs at each lag, as here
    assert sign_memory(signs).value == pytest.approx(other.mean(), rel=1e-12)


def test_signs_of_long_memory_have_its_exponent_and_those_shuffled_none():
    signs = long_memory_signs(32_768, 0.5, 1)
    assert sign_exponent(signs).value == pytest.approx(0.5, abs=0.15)  # its own test has the bias
    shuffled = sign_exponent(np.random.default_rng(1).permutation(signs))
    assert math.isnan(shuffled.value)
    assert shuffled.reason == "signs have no memory to lag 100 that a power law fits"
    assert not shuffled.beyond_null


def test_a_price_that_only_follows_the_fixings_has_all_its_variance_over_night():
    fixings = np.random.default_rng(7).normal(size=DAYS).cumsum()
    found = overnight_share(np.repeat(fixings[:, None], ROUNDS, axis=1), ONE_MONTH)
    assert found.value == found.spot == 1.0


def test_the_parts_of_an_even_day_have_one_and_a_smile_is_seen_in_each():
    flat = np.full((DAYS, 24), 5.0)
    assert [fact.value for fact in activity_of_parts(flat)] == [1.0, 1.0, 1.0]
    smile = np.random.default_rng(8).poisson(200, (DAYS, 24)).astype(float)
    smile[:, :3] *= 2.0
    smile[:, 10:14] *= 0.5
    first, middle, last = activity_of_parts(smile)
    mean = (3 * 2 + 4 * 0.5 + 17) / 24
    assert first.value == pytest.approx(2 / mean, rel=0.01)
    assert middle.value == pytest.approx(0.5 / mean, rel=0.01)
    assert last.value == pytest.approx(1 / mean, rel=0.01)
    assert first.beyond_null
    assert middle.beyond_null


def test_each_eighth_has_a_round_and_the_middle_is_as_far_from_both_ends():
    assert [rounds_of_part(48, part).sum() for part in ("first", "middle", "last")] == [6, 6, 6]
    assert np.flatnonzero(rounds_of_part(48, "middle")).tolist() == [21, 22, 23, 24, 25, 26]
    assert np.flatnonzero(rounds_of_part(4, "middle")).tolist() == [1, 2]
    assert np.flatnonzero(rounds_of_part(5, "middle")).tolist() == [2]
    assert [rounds_of_part(1, part).tolist() for part in ("first", "middle", "last")] == [[True]] * 3
    assert activity_of_parts(np.ones((DAYS, 1)))[0].reason == "too few days or rounds with trades"
    assert activity_of_parts(np.ones((DAYS, 0)))[1].reason == "too few days or rounds with trades"


def test_what_a_short_run_cannot_tell_has_a_reason():
    facts = analysis.day_facts(FORMAT_4)
    assert len(facts) == 8
    assert (facts["value"].isna() == (facts["reason"] != "")).all()
    assert not facts.loc[facts["value"].isna(), "beyond_null"].any()
    still = np.zeros((DAYS, ROUNDS))
    assert overnight_share(still, ONE_MONTH).reason == "the mid never moved"
    assert math.isnan(next_fixing_correlation(still, np.ones(DAYS)).value)
    assert math.isnan(edge_activity(still).value)
    assert math.isnan(sign_memory(np.ones(50)).value)
    assert math.isnan(sign_memory(np.ones(0)).value)


def test_the_facts_of_a_run_are_those_of_its_quotes_by_a_plain_loop():
    run = read_run(FORMAT_4)
    facts = analysis.day_facts(run, 1).set_index("fact")
    quotes = run.tables["quotes"].query("tenor == 1")
    shares = []
    for _, day in quotes.groupby("day"):
        lots = day.sort_values("round")["volume_lots"].tolist()
        if sum(lots):
            shares.append((lots[0] + lots[-1]) / sum(lots))
    edge = facts.loc["share of volume in the first and last eighth of the day"]
    assert edge["value"] == pytest.approx(np.mean(shares), rel=1e-12)
    assert edge["null"] == 0.5

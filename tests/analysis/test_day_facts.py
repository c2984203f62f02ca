"""Facts of the trading day: within their null where there is only chance, beyond it where one is put in."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import analysis
from abm.recording import read_run
from analysis.day_facts import edge_activity, next_fixing_correlation, overnight_share, sign_memory

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


def test_what_a_short_run_cannot_tell_has_a_reason():
    facts = analysis.day_facts(FORMAT_4)
    assert len(facts) == 4
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

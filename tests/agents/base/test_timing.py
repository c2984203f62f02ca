"""When a trader acts: rates a day, whatever the round, and nothing drawn by those who never act."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import keys

from abm.agents.base.population import CUSTOM_DTYPE
from abm.agents.base.timing import MAX_EVENTS_PER_ROUND, acts, events, rows_that_act
from abm.core.calendar import MOST_ACTIONS_PER_ROUND


@pytest.mark.parametrize("rule", [acts, events], ids=["acts", "events"])
def test_a_trader_that_never_acts_draws_nothing(rule):
    streams = keys(2)
    before = streams.copy()
    for rate in (0.0, -1.0):
        assert not rule(streams, 0, rate, 0.5)
        assert not rule.py_func(streams, 0, rate, 0.5)
    np.testing.assert_array_equal(streams, before)
    rule(streams, 0, 1.0, 0.5)
    assert (streams != before).tolist() == [True, False]


def test_one_event_or_more_is_as_likely_as_under_the_poisson_law():
    streams, draws = keys(2), 4_000
    for row, rule in enumerate((acts, events)):
        seen = sum(rule(streams, row, 3.0, 0.1) > 0 for _ in range(draws))
        chance = -math.expm1(-0.3)
        assert seen / draws == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / draws))


def test_the_most_actions_that_a_scenario_may_ask_for_in_a_round_come_in_full():
    """At the mean 64 a bound of 128 is never felt; the mean of so many draws is within 4 standard errors."""
    streams, draws = keys(1), 4_000
    seen = [events(streams, 0, 48.0 * MOST_ACTIONS_PER_ROUND, 1 / 48) for _ in range(draws)]
    assert np.mean(seen) == pytest.approx(MOST_ACTIONS_PER_ROUND, abs=4 * math.sqrt(64 / draws))
    assert max(seen) < MAX_EVENTS_PER_ROUND


def test_rows_that_act_are_those_of_whom_it_is_true_and_who_never_rest():
    rates = np.array([0.0, 3.0, math.inf, -1.0, 30.0, math.inf])
    traders = np.zeros(6, dtype=CUSTOM_DTYPE)
    traders["actions_per_day"] = rates
    alone, together = keys(6), keys(6)
    rows, seen = np.zeros(6, dtype=np.int64), set()
    for _ in range(200):
        expected = [row for row in range(6) if rates[row] == math.inf or acts(alone, row, rates[row], 0.1)]
        count = rows_that_act(traders, together, 0.1, rows)
        assert rows[:count].tolist() == expected
        seen.add(tuple(expected))
    assert seen == {(2, 5), (1, 2, 5), (2, 4, 5), (1, 2, 4, 5)}
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(alone[[0, 2, 3, 5]], keys(6)[[0, 2, 3, 5]])

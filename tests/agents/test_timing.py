"""When a trader acts: rates a day, whatever the round, and nothing drawn by those who never act."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import keys

from abm.agents.timing import acts, events


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

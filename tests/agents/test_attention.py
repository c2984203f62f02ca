"""Attention: the pace of trading follows recent volatility over usual volatility."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from stage import months_around
from traders import WEIGHTS

from abm.agents.attention import Attention, AttentionRule, update_variances


def attention(**changes) -> Attention:
    everyday = {"response": 1.0, "recent_days": 0.25, "usual_days": 21.0, "fastest": 8.0}
    return Attention(AttentionRule(**everyday | changes), WEIGHTS)


def watch(watcher: Attention, moves, *, months=None, rounds_per_day=48) -> list[float]:
    """Show a series of moves of all prices, one a round, and return the pace of each round."""
    months = months_around() if months is None else months
    paces = []
    for number, move in enumerate([0.0, *moves]):
        months["reference_ticks"] = months["reference_ticks"] + move * months["scale_ticks"]
        day, of_day = divmod(number, rounds_per_day)
        view = SimpleNamespace(day=day, round=of_day, day_share=1 / rounds_per_day, months=months)
        paces.append(watcher.pace(view))
    return paces


def test_a_large_move_makes_traders_hurry_and_they_calm_down_again():
    paces = watch(attention(), [0.0] * 48 + [0.05] + [0.0] * 96)
    shock = 49
    assert paces[shock] > 2.0 * paces[shock - 1]
    calming = paces[shock : shock + 48]
    assert calming == sorted(calming, reverse=True)
    assert paces[-1] < 0.5


def test_the_pace_is_the_ratio_of_recent_to_usual_volatility_to_the_power_of_the_response():
    sd, rounds = 0.02 / math.sqrt(48), 48 * 200
    moves = sd * np.where(np.arange(rounds) % 2 == 0, 1.0, -1.0)
    moves[-200:] *= 3.0
    for response in (0.5, 1.0, 2.0):
        watcher = attention(response=response, fastest=100.0)
        recent = 9.0 - 8.0 * math.exp(-200 / 48 / 0.25)
        usual = 9.0 - 8.0 * math.exp(-200 / 48 / 21.0)
        assert watch(watcher, moves)[-1] == pytest.approx((recent / usual) ** (response / 2), rel=1e-3)


def test_the_pace_has_bounds():
    assert max(watch(attention(response=4.0, fastest=3.0), [0.0, 0.2])) == 3.0
    assert watch(attention(response=4.0, fastest=3.0), [0.0] * 400)[-1] == pytest.approx(1 / 3)


def test_one_look_counts_however_many_classes_take_it():
    watcher = attention()
    months = months_around()
    view = SimpleNamespace(day=0, round=0, day_share=1 / 48, months=months)
    watcher.pace(view)
    months["reference_ticks"] *= 1.01
    view.round = 1
    assert watcher.pace(view) == watcher.pace(view) == watcher.pace(view)


def test_the_step_from_one_month_to_the_next_at_an_expiry_is_no_return():
    watcher, months = attention(), months_around()
    watch(watcher, [0.0] * 47, months=months)
    before = watcher.pace(SimpleNamespace(day=0, round=47, day_share=1 / 48, months=months))
    for name in ("month", "slot", "reference_ticks", "scale_ticks"):
        months[name][:-1] = months[name][1:]
    months["month"][-1] += 1
    months["reference_ticks"][-1] = 17.0  # a month nobody has seen
    view = SimpleNamespace(day=1, round=0, day_share=1 / 48, months=months)
    assert watcher.pace(view) < before


def test_a_price_that_is_no_number_has_no_return():
    months, ticks, variance = months_around(), np.full(12, 3_000.0), np.ones(2)
    months["reference_ticks"] = math.nan
    seen = months["month"].copy()
    for update in (update_variances, update_variances.py_func):
        rows = months.view(np.recarray) if update is not update_variances else months
        update(rows, np.diff(WEIGHTS, prepend=0.0), seen, ticks.copy(), variance, 0.25, 21.0, 1 / 48)
    assert variance.tolist() == [1.0, 1.0]

"""Attention: the pace of trading follows recent volatility over usual volatility."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from stage import months_around
from traders import WEIGHTS

from abm.agents.sentiment.attention import Attention, AttentionRule, update_variances


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
    paces = watch(attention(fastest=30.0), [0.0] * 48 + [0.05] + [0.0] * 96)
    shock = 49
    assert paces[shock] > 2.0 * paces[shock - 1]
    calming = paces[shock : shock + 48]
    assert calming == sorted(calming, reverse=True)
    assert paces[-1] < 0.5


def steady_moves(days: int, sd_per_day: float = 0.02) -> np.ndarray:
    return np.where(np.arange(48 * days) % 2 == 0, 1.0, -1.0) * sd_per_day / math.sqrt(48)


def test_a_shock_does_not_pass_for_usual_in_the_weeks_after():
    """One day of twenty times the usual volatility, then the old one: within days the pace is the old one."""
    before, shock, after = steady_moves(60), steady_moves(1, sd_per_day=0.4), steady_moves(15)
    paces = watch(attention(), np.concatenate([before, shock, after]))
    days = np.array(paces[1:]).reshape(-1, 48).mean(axis=1)
    assert days[59] == pytest.approx(1.0, abs=0.01)
    assert days[60] > 6.0
    assert days[63:].min() > 0.8
    assert days[-1] == pytest.approx(1.0, abs=0.1)


def test_the_pace_is_the_ratio_of_recent_to_usual_volatility_to_the_power_of_the_response():
    """From an old variance of 1 to a new one of 9; usual variance follows in logarithms, after the fact."""
    moves = steady_moves(200)
    moves[-200:] *= 3.0
    for response in (0.5, 1.0, 2.0):
        recent, log_usual = 1.0, 0.0
        for _ in range(200):
            recent = 9.0 + (recent - 9.0) * math.exp(-1 / 48 / 0.25)
            log_usual -= math.expm1(-1 / 48 / 21.0) * (math.log(recent) - log_usual)
        ratio = recent / math.exp(log_usual)
        paces = watch(attention(response=response, fastest=100.0), moves)
        assert paces[-1] == pytest.approx(ratio ** (response / 2), rel=1e-3)


@pytest.mark.parametrize("wild", [0.3, 2.0])
def test_what_counts_for_usual_has_the_bounds_of_the_pace(wild):
    """Wild days of 15 and of 100 times the usual volatility, then calm ones: nobody is put to sleep."""
    moves = [steady_moves(60), steady_moves(21, sd_per_day=wild), steady_moves(8)]
    pace = watch(attention(fastest=2.0), np.concatenate(moves))[-1]
    recent, log_usual, most = 1.0, 0.0, 2.0 * math.log(2.0)
    for variance, days in (((wild / 0.02) ** 2, 21), (1.0, 8)):
        for _ in range(48 * days):
            recent = variance + (recent - variance) * math.exp(-1 / 48 / 0.25)
            ahead = min(max(math.log(recent) - log_usual, -most), most)
            log_usual -= math.expm1(-1 / 48 / 21.0) * ahead
    assert pace == pytest.approx(math.exp(-0.5 * log_usual), rel=1e-3)
    assert pace > 0.55


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
        update(rows, np.diff(WEIGHTS, prepend=0.0), seen, ticks.copy(), variance, 0.25, 21.0, 4.0, 1 / 48)
    assert variance.tolist() == [1.0, 1.0]

"""Programmes made as small as the money carries: of which size, under which name, and that it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from company import DEMAND_EXPLOSION

from abm.hedging import Frictions, HedgeStudy, advise, parse_programme
from abm.hedging.sizing import CARRIED_SHARE, sized_programmes

WORDS = ["strip", "strip:0.8", "layered+band:0.1", "rolling:2", "stack", "minimum_variance", "fixed_price"]


def study(cash_usd: float, words=WORDS, **terms) -> HedgeStudy:
    return HedgeStudy(DEMAND_EXPLOSION, words, frictions=Frictions(cash_usd=cash_usd), paths=400, **terms)


def test_each_shape_is_sized_once_by_its_need_of_cash_and_named_by_its_word():
    small = study(300.0)
    advice = advise(small.run())
    sized = sized_programmes(small, advice)
    assert [hedge.kind for hedge in sized] == ["strip", "layered", "rolling"]
    for hedge in sized:
        assert parse_programme(hedge.name) == hedge
    strip = advice.standings["strip"].cash_needed_usd
    assert sized[0].coverage == pytest.approx(CARRIED_SHARE * 300.0 / strip, abs=0.01)
    near, mid, far = sized[1].near_ratio, sized[1].mid_ratio, sized[1].far_ratio
    assert (mid, far) == (pytest.approx(near * 2 / 3, abs=0.011), pytest.approx(near / 3, abs=0.011))
    assert sized[1].band_share == 0.1
    assert sized[2].lead_months == 2


def test_the_money_carries_what_was_sized_and_hardly_more():
    small = study(300.0)
    sized = sized_programmes(small, advise(small.run()))
    larger = [replace(hedge, name=f"more {hedge.kind}", coverage=1.4 * hedge.coverage) for hedge in sized]
    standings = advise(small.replace(programmes=[*sized, *larger]).run()).standings
    assert all(standings[hedge.name].is_carried for hedge in sized)
    assert not standings["more strip"].is_carried
    assert not standings["more rolling"].is_carried


def test_nothing_is_sized_where_something_is_carried_or_there_is_no_money_at_all():
    for cash in (1e9, float("inf"), 0.0):
        asked = study(cash)
        assert sized_programmes(asked, advise(asked.run())) == ()
    plans = study(0.0, ["fixed_price"])
    assert sized_programmes(plans, advise(plans.run())) == ()


def test_a_study_of_the_longest_horizon_runs():
    long = HedgeStudy.from_scenario("plain", ["strip"], horizon_months=120, paths=4)
    assert long.run()["strip"].bill_usd.shape == (120, 4)

"""Two closed forms of a hedged year, written apart, agree: sums over trades, and gains between closes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from closed_moments import ClosedYear

from abm.hedging import Listing, parse_programme
from abm.spot.process.jumps import GaussianJumps
from abm.spot.process.level import Level
from scenarios.paper_band_closed_form import STAND_IN, Setting, hedge_moments

SPOT = replace(STAND_IN, level=Level(1.0, 0.0))


def assert_both_agree(spot, word, basis_sd):
    rule = parse_programme(word).terms(Listing(), spot.kappa)
    apart = ClosedYear(spot, basis_sd=basis_sd).year_reduction(rule)
    assert hedge_moments(Setting(spot, basis_sd), word).reduction == pytest.approx(apart, abs=1e-9)


@pytest.mark.parametrize(("word", "basis_sd"), [("rolling:1", 0.0), ("rolling:2", 0.12)])
def test_the_two_closed_forms_of_a_year_agree(word, basis_sd):
    assert_both_agree(SPOT, word, basis_sd)


@pytest.mark.verify
@pytest.mark.parametrize(
    "jumps", [SPOT.jumps, GaussianJumps(0.135, 0.228)], ids=["double exponential", "normal"]
)
@pytest.mark.parametrize("word", ["layered", "layered:0.9/0.2/0.6", "rolling:5"])
@pytest.mark.parametrize("kappa", [1.0, 12.0])
def test_the_two_agree_for_other_laws_and_programmes(jumps, word, kappa):
    assert_both_agree(replace(SPOT, jumps=jumps, kappa=kappa), word, 0.1)

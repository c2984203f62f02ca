"""What one friction does, everything else equal: the table of docs/frictions.md, run again."""

from __future__ import annotations

import pytest

from scenarios.comparative_statics import STUDIES, compared, outcomes

SEEDS = 16

pytestmark = pytest.mark.verify

NO_SIGN: dict[str, set[tuple[str, str]]] = {}
"""Expectations that sixteen seeds do not show, by study, as variant and measure; the page says so too."""


@pytest.mark.parametrize("name", STUDIES)
def test_each_friction_moves_what_it_should_the_way_it_should(name, tmp_path):
    found = compared(name, seeds=SEEDS, jobs=2, out=tmp_path)
    told = {(each.expectation.variant, each.expectation.measure): each for each in outcomes(name, found)}
    for (variant, measure), outcome in told.items():
        print(name, variant, measure, outcome.difference, outcome.verdict)
    came = {row for row, outcome in told.items() if outcome.verdict == "as expected"}
    assert came == set(told) - NO_SIGN.get(name, set())
    assert not [row for row, outcome in told.items() if outcome.verdict == "the other way"]

"""What one friction does, everything else equal: the table of docs/frictions.md, run again."""

from __future__ import annotations

import pytest

from scenarios.comparative_statics import compared, outcomes

SEEDS = 8

pytestmark = pytest.mark.verify

SEEN = {
    "margin": {
        ("margin x 2.5", "volume_lots"),
        ("margin x 2.5", "curve_spread"),
        ("margin x 1/3", "volume_lots"),
        ("margin x 1/3", "curve_spread"),
    },
    "makers": {
        (variant, measure)
        for variant in ("none", "two", "a quarter of the budget")
        for measure in ("curve_spread", "front_depth_lots")
    },
    "makers in stress": {("a quarter of the budget", "dmm_presence")},
    "pressure": {
        (variant, measure)
        for variant in ("buyers press", "sellers press")
        for measure in ("risk_premium_tenor_3", "risk_premium_tenor_6")
    },
}
"""What the page shows with an interval clear of zero, by study, as variant and measure."""


@pytest.mark.parametrize("name", SEEN)
def test_each_friction_moves_what_it_should_the_way_it_should(name, tmp_path):
    found = compared(name, seeds=SEEDS, jobs=2, out=tmp_path)
    verdicts = {
        (each.expectation.variant, each.expectation.measure): each.verdict for each in outcomes(name, found)
    }
    print(name, verdicts)
    assert {row: verdicts[row] for row in SEEN[name]} == dict.fromkeys(SEEN[name], "as expected")

"""What a scenario may say of the market makers and their contract."""

from __future__ import annotations

import pytest

from abm.core.errors import ScenarioError
from abm.market.assembly.build import build
from abm.scenario import Scenario

MAKERS = "agents.market_makers."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quoting": "ho_stoll"}, 'quoting: "ho_stoll" is not "avellaneda_stoikov" or "glft"'),
        ({"strategy": "lazy"}, 'strategy: "lazy" is not "obliged" or "strategic"'),
        ({"fill_rate": 0.0}, "fill_rate: 0.0 is not in (0, 1e+06]"),
        ({"contract.misses_allowed": -1}, "contract.misses_allowed: -1 is not in [0, 1000]"),
        (
            {"contract.suspended_by": ["war"]},
            'contract.suspended_by.0: "war" is not "daily_limit" or "halt" or "index_unavailable"',
        ),
        (
            {"contract.stress_pay_usd": 5.0},
            "contract.stress_pay_usd: 5.0 is not 0 while nothing starts a stress "
            "(stress_move, stress_on_interruption)",
        ),
        (
            {"contract.pay_levels": [{"presence": 0.9, "share": 0.5}, {"presence": 0.9, "share": 1.0}]},
            "contract.pay_levels.1.presence: 0.9 is not > 0.9, the level before",
        ),
        (
            {"contract.pay_levels": [{"presence": 0.9, "share": 0.5}, {"presence": 0.95, "share": 0.5}]},
            "contract.pay_levels.1.share: 0.5 is not > 0.5, the level before",
        ),
        (
            {"contract.pay_levels": [{"presence": 0.7, "share": 1.0}]},
            "contract.pay_levels.0.presence: 0.7 is not >= presence_required = 0.8",
        ),
    ],
)
def test_a_wrong_contract_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({MAKERS + name: value for name, value in changes.items()})
    assert str(caught.value) == MAKERS + message


def test_the_baseline_has_none_of_the_further_terms() -> None:
    terms = build(Scenario.load("baseline"), seed=1).now.makers
    assert terms.stress.never
    assert terms.misses_allowed == 0
    assert terms.pay.levels == ((0.8, 10_000),)
    assert terms.pay.revenue_share_bps is None
    assert not terms.pay.limited_to_fees
    assert terms.pay.stipend_usd_micro == 5_000 * 10**6


def test_parameters_of_makers_may_follow_a_law() -> None:
    law = {"law": "uniform", "low": 20.0, "high": 60.0}
    assert Scenario().replace({MAKERS + "fill_rate": law}).agents.market_makers.fill_rate.low == 20.0

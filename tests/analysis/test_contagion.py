"""Cascades among clearing members: by hand, against the clearing house itself, and ranked."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from abm.clearing import AccountTerms, ClearingHouse, ClearingRules, FlatMargin, MarginDay, MemberTerms
from abm.clearing.margin_models import MarginBasis
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.core.orders import TRADE_DTYPE, Side
from analysis.contagion import cascade, contagion, contagion_graph, ranking

USD = 1_000_000


def exposures(
    members: dict[int, tuple[int, int, int, int]], *, skin: int = 0, day: int = 0, scenario: int = 0
) -> pd.DataFrame:
    """Members by number as (capital, fund, assessable, shortfall), in dollars."""
    rows: list[dict[str, Any]] = [
        {
            "level": "member",
            "node": number,
            "resources_usd_micro": capital * USD,
            "fund_usd_micro": fund * USD,
            "assessable_usd_micro": assessable * USD,
            "shortfall_usd_micro": shortfall * USD,
            "uncovered_usd_micro": 2 * shortfall * USD,
            "in_default": False,
        }
        for number, (capital, fund, assessable, shortfall) in members.items()
    ]
    of_house = dict.fromkeys(("fund", "assessable", "shortfall", "uncovered"), 0)
    rows.append(
        {"level": "house", "node": 0, "resources_usd_micro": skin * USD, "in_default": False}
        | {f"{name}_usd_micro": value for name, value in of_house.items()}
    )
    return pd.DataFrame(rows).assign(day=day, scenario=scenario)


QUIET = (1_000, 100, 300, 0)


def test_a_member_that_fails_without_losses_at_its_clients_hurts_nobody() -> None:
    result = cascade(exposures({0: QUIET, 1: QUIET, 2: QUIET}, skin=50), failing=1)
    assert result.failed_in_step == {1: 0}
    assert result.borne_by_others_usd_micro == 0


@pytest.mark.parametrize(
    ("shortfall", "skin", "mutual", "assessed", "uncovered"),
    [
        (100, 0, 0, 0, 0),
        (150, 50, 0, 0, 0),
        (350, 50, 200, 0, 0),
        (950, 50, 200, 600, 0),
        (951, 50, 200, 600, 1),
    ],
)
def test_a_failed_members_loss_passes_through_the_layers_in_turn(
    shortfall: int, skin: int, mutual: int, assessed: int, uncovered: int
) -> None:
    table = exposures({0: (1_000, 100, 300, shortfall), 1: QUIET, 2: QUIET}, skin=50)
    result = cascade(table, failing=0)
    assert result.failed_in_step == {0: 0}
    assert result[1:] == (skin * USD, mutual * USD, assessed * USD, uncovered * USD)


def test_the_price_move_alone_fails_a_member_whose_capital_is_too_small() -> None:
    table = exposures({0: (1_000, 100, 300, 1_001), 1: QUIET})
    result = cascade(table)
    assert result.failed_in_step == {0: 0}
    assert result.borne_by_others_usd_micro == 0  # one dollar, of its own contribution
    assert cascade(exposures({0: (1_000, 100, 300, 1_000), 1: QUIET})).failed_in_step == {}
    assert cascade(table, loss="uncovered").survivors_fund_usd_micro == 100 * USD


def test_assessments_bring_down_the_weak_one_after_the_other() -> None:
    table = exposures({0: (0, 100, 300, 600), 1: (50, 0, 300, 0), 2: (180, 0, 300, 0), 3: (1_000, 0, 300, 0)})
    # 500 are called, 167 : 167 : 166; member 1 pays 50, and its 117 are called 58 : 59, so member 2 fails
    result = cascade(table, failing=0)
    assert result.failed_in_step == {0: 0, 1: 1, 2: 2}
    assert result.assessments_usd_micro == 500 * USD
    assert result.uncovered_usd_micro == 0


def test_a_loss_at_its_own_clients_makes_a_survivor_weaker() -> None:
    strong = {0: (0, 0, 300, 200), 1: (300, 0, 300, 0)}
    weak = {0: (0, 0, 300, 200), 1: (300, 0, 300, 150)}
    just = {0: (0, 0, 300, 200), 1: (300, 0, 300, 100)}
    assert cascade(exposures(strong), failing=0).failed_in_step == {0: 0}
    assert cascade(exposures(just), failing=0).failed_in_step == {0: 0}
    assert cascade(exposures(weak), failing=0).failed_in_step == {0: 0, 1: 1}


def test_the_cascade_is_that_of_the_clearing_house_to_the_micro_dollar() -> None:
    """One client loses more than its member has; the survivors are assessed, one of them fails."""
    house = _house()
    rows = pd.DataFrame(house.exposure_rows(np.array([[-500]])))
    predicted = cascade(rows)
    # the same move in earnest
    house.mark_to_market(np.array([500]), now_round=0)
    house.margin_cycle(now_round=0)
    assert [event.account for event in house.process_deadlines(now_round=4)] == [0]
    house.book_trades(_trade(1, 0, 10, 500))
    house.mark_to_market(np.array([500]), now_round=4)
    (result,) = house.finish_close_outs(now_round=4)
    layers = result.layers
    assert predicted.failed_in_step.keys() == {gone.member for gone in result.member_defaults} == {0, 2}
    assert predicted[1:] == (
        layers.skin_in_the_game_usd_micro,
        layers.survivors_fund_usd_micro,
        layers.assessments_usd_micro,
        layers.uncovered_usd_micro,
    )
    assert layers.uncovered_usd_micro > 0


def _trade(buyer: int, seller: int, lots: int, price: int) -> np.ndarray[Any, Any]:
    made = np.zeros(1, dtype=TRADE_DTYPE)
    made["buyer"], made["seller"], made["lots"], made["price_ticks"] = buyer, seller, lots, price
    made["aggressor_side"] = int(Side.BUY)
    return made


def _house() -> ClearingHouse:
    def usd(*dollars: int) -> np.ndarray[Any, Any]:
        return np.array(dollars, dtype=np.int64) * USD

    house = ClearingHouse(
        contract=ContractSpec(listed_months=1),
        n_slots=1,
        accounts=AccountTerms(
            member=np.array([0, 1]),
            cash_usd_micro=usd(1_100, 10**6),
            initial_collateral_usd_micro=usd(1_000, 10**5),
            credit_limit_usd_micro=usd(50, 0),
            credit_rate_per_year_bps=np.zeros(2, dtype=np.int64),
            maker_fee_usd_micro=np.zeros(2, dtype=np.int64),
            taker_fee_usd_micro=np.zeros(2, dtype=np.int64),
            is_client=np.ones(2, dtype=np.bool_),
        ),
        members=MemberTerms(usd(300, 5_000, 150), usd(200, 333, 112)),
        rules=ClearingRules(
            skin_in_the_game_usd_micro=70 * USD,
            call_deadline_rounds=4,
            close_out_slice_share=1.0,
            close_out_protection=0.1,
            days_per_year=252,
            assessment_bps=27_500,
        ),
        margin=FlatMargin(MarginBasis(1_000_000, 100, np.zeros((0, 1))), buckets=[(12, 1_000)]),
    )
    house.set_margin(MarginDay(*(np.array([value]) for value in (1_000, 0, 10_000, 0, 0))))
    house.book_trades(_trade(0, 1, 10, 1_000))
    house.mark_to_market(np.array([1_000]), now_round=0)
    return house


def test_contagion_counts_only_what_the_failure_adds_to_the_stress() -> None:
    table = exposures({0: (0, 0, 300, 200), 1: (100, 0, 300, 0), 2: (10, 0, 0, 20)})
    found = contagion(table).set_index("member")
    # Members 0 and 2 fail by the move alone, and member 1 by the assessment for both: its own failure adds
    # the 100 that it would have paid, to what nobody pays.
    assert found.loc[0, "brings_down"] == ()
    assert found.loc[0, "loss_to_others_usd"] == 0.0
    assert found.loc[1, "uncovered_usd"] == 100.0
    assert found.loc[2, "loss_to_others_usd"] == 10.0


def test_who_brings_down_whom_by_day_and_scenario() -> None:
    members = {0: (500, 0, 300, 400), 1: (500, 0, 300, 0), 2: (150, 0, 300, 0)}
    calm = dict.fromkeys(members, (500, 0, 300, 0))
    table = pd.concat([exposures(members, day=3, scenario=1), exposures(calm, day=4)])
    found = contagion(table)
    assert found[["day", "scenario", "member"]].to_numpy().tolist() == [
        [3, 1, 0],
        [3, 1, 1],
        [3, 1, 2],
        [4, 0, 0],
        [4, 0, 1],
        [4, 0, 2],
    ]
    # 400 of member 0 are called 200 : 200, more than the 150 of member 2
    assert found["brings_down"].tolist() == [(2,), (), (), (), (), ()]
    assert found["steps"].tolist() == [1, 0, 0, 0, 0, 0]
    assert found["loss_to_others_usd"].tolist() == [400.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    graph = contagion_graph(found)
    assert isinstance(graph, nx.DiGraph)
    assert list(graph.edges(data="times")) == [(0, 2, 1)]
    assert sorted(graph) == [0, 1, 2]


def test_members_are_ranked_by_the_tail_of_what_they_would_cost_others() -> None:
    rows = pd.DataFrame(
        {
            "member": [0] * 4 + [1] * 4,
            "brings_down": [(), (), (), (), (), (0,), (), ()],
            "loss_to_others_usd": [5.0, 5.0, 5.0, 5.0, 0.0, 0.0, 8.0, 4.0],
        }
    )
    half = ranking(rows, tail=0.5)
    assert half.index.tolist() == [1, 0]
    assert half["expected_shortfall_usd"].tolist() == [6.0, 5.0]
    assert half["mean_loss_usd"].tolist() == [3.0, 5.0]
    assert half["worst_loss_usd"].tolist() == [8.0, 5.0]
    assert half.loc[1, ["most_brought_down", "contagion_share"]].tolist() == [1, 0.25]
    assert ranking(rows, tail=1.0).index.tolist() == [0, 1]
    with pytest.raises(ParameterError, match=r"tail: 0.0 is not in \(0, 1\]"):
        ranking(rows, tail=0.0)


def test_members_in_default_take_no_part_and_cannot_fail_again() -> None:
    table = exposures({0: QUIET, 1: (0, 0, 0, 0), 2: (0, 0, 0, 70)})
    table.loc[table["node"] == 2, "in_default"] = True
    assert contagion(table)["member"].tolist() == [0, 1]
    with pytest.raises(ParameterError, match=r"failing: 2 is not one of the members \[0, 1\]"):
        cascade(table, failing=2)


def test_a_cascade_is_of_one_day_and_scenario() -> None:
    table = pd.concat([exposures({0: QUIET}), exposures({0: QUIET}, day=1)])
    with pytest.raises(ParameterError, match="2 rows of the house"):
        cascade(table)

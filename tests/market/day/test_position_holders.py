"""Traders that come with positions: what clearing takes over, holds, settles and lets go."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.holders.shell import Holders, PositionHolder
from abm.core.errors import ScenarioError
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

COARSE = {"calendar.rounds_per_day": 8}
LONG = {"name": "utility", "lots": (10, 40, 0, -20), "cash_usd": 5e6}
SHORT = {"name": "bank", "lots": (-10, -40, 0, 20), "cash_usd": 5e6}


def market_of(*holders, days=0, **changes):
    fields = COARSE | {"agents.holders": holders} | {key.replace("__", "."): v for key, v in changes.items()}
    market = TokenFuturesMarket(Scenario().replace(fields), rng=3)
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()
    return market


def positions(market, row):
    account = next(p for p in market.populations if isinstance(p, Holders)).first_account + row
    return [market.position_lots(account, tenor) for tenor in range(market.contract.listed_months)]


def test_positions_are_there_before_the_first_round_and_no_fee_was_charged():
    market = market_of(LONG, SHORT)
    assert positions(market, 0) == [10, 40, 0, -20] + [0] * 8
    assert positions(market, 1) == [-10, -40, 0, 20] + [0] * 8
    assert [holder.label for holder in market.agents_by_type[PositionHolder]] == ["utility", "bank"]
    assert not market.clearing.fees_usd_micro.any()
    assert market.clearing.open_interest_lots.sum() == 70


def test_variation_margin_runs_from_the_first_settlement():
    market = market_of(LONG, SHORT)
    opening = market.curve.settlement_ticks.copy()
    while not market.clock.is_close:
        market.step()
    market.step()
    moved = market.curve.settlement_ticks - opening
    account = next(p for p in market.populations if isinstance(p, Holders)).first_account
    gain = int(np.dot([10, 40, 0, -20], moved[:4])) * market.contract.tick_value_usd_micro
    assert market.clearing.variation_usd_micro[account] == gain
    assert market.clearing.variation_usd_micro[account + 1] == -gain


def test_a_holder_keeps_its_position_until_the_month_expires():
    market = market_of(LONG, SHORT, days=22)
    assert positions(market, 0)[:3] == [40, 0, -20]
    account = next(p for p in market.populations if isinstance(p, Holders)).first_account
    assert market.messages_sent[account] == 0


def test_a_holder_leaves_from_its_exit_day_on_and_does_not_come_back():
    leaving = LONG | {"exit_day": 2, "exit_days": 2, "lots": (0, 8, 0, 0)}
    market = market_of(leaving, SHORT | {"lots": (0, -8, 0, 0)}, days=2)
    assert positions(market, 0)[1] == 8
    for _ in range(4 * 8):
        market.step()
    assert positions(market, 0)[1] == 0
    assert positions(market, 1)[1] == -8


def test_a_holder_clears_through_the_member_that_is_named():
    market = market_of(LONG | {"member": 4, "count": 2}, SHORT | {"lots": (-20, -80, 0, 40)})
    first = next(p for p in market.populations if isinstance(p, Holders)).first_account
    assert market.clearing.member_of[first : first + 2].tolist() == [4, 4]


def test_holders_with_the_smallest_positions_move_nobody_elses_draws():
    with_holders, without = market_of(LONG, SHORT), market_of()
    for ours, theirs in zip(with_holders.populations, without.populations, strict=True):
        if ours.name != "holder":
            assert np.array_equal(ours.streams, theirs.streams)
            assert ours.columns.tobytes() == theirs.columns.tobytes()


@pytest.mark.parametrize(
    ("holders", "message"),
    [
        ((LONG,), "agents.holders: the positions of tenor 0 sum to 10 lots, not to 0"),
        ((LONG, SHORT | {"lots": (-10, -40, 0, 19)}), "tenor 3 sum to -1 lots"),
        ((LONG | {"lots": (0,) * 13}, SHORT), "agents.holders.0.lots: 13 tenors are more than"),
        ((LONG, SHORT | {"member": 6}), "agents.holders.1.member: 6 is not < clearing.members = 6"),
        ((LONG | {"cash_usd": -1.0}, SHORT), "agents.holders.0.cash_usd: -1.0 is not in (0, 1e+12]"),
        (({"name": "x", "cash_usd": 1.0},), "agents.holders.0.lots: missing"),
        ((LONG | {"lot": 3}, SHORT), "agents.holders.0.lot: unknown key"),
    ],
)
def test_positions_that_cannot_be_are_refused(holders, message):
    with pytest.raises(ScenarioError, match=message.replace("(", r"\(").replace("+", r"\+")):
        Scenario().replace({"agents.holders": holders})

"""Informed traders who order in call auctions, in the whole market."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import play

from abm.core.errors import ScenarioError
from abm.core.orders import MessageKind
from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario

KYLE = {"agents.informed.count": 2, "agents.informed.rule": "auction", "agents.informed.signal_sd": 0.0}
ONE_CALL = {"exchange.sessions.opening_auction": 1 / 12}


def informed_of(market):
    return next(p for p in market.populations if p.name == "informed")


def test_who_keeps_still_changes_nobodys_path(short):
    silent = KYLE | ONE_CALL | {"agents.informed.actions_per_day": 0.0}
    alone, watched = run(short.replace(ONE_CALL), seed=4), run(short.replace(silent), seed=4)
    for table in ("trades", "quotes", "daily", "spot", "margin_calls"):
        assert alone.tables[table].equals(watched.tables[table]), table


def test_it_orders_in_the_opening_auction_and_else_only_closes_what_it_carries(short):
    result = run(short.replace(KYLE | ONE_CALL | {"recording.profile": "full"}), seed=2)
    agents, orders = result.tables["agents"], result.tables["orders"]
    own = orders[orders["account"].isin(agents.loc[agents["agent_class"] == "informed", "account"])]
    at_the_open = own["round"] == 0
    assert at_the_open.sum() > 100
    assert (own.loc[at_the_open, "kind"] == MessageKind.MARKET).all()
    assert not own.loc[at_the_open, ["account", "day", "month"]].duplicated().any()
    assert (~at_the_open).sum() > 20
    assert (own.loc[~at_the_open, "kind"] == MessageKind.LIMIT).all()
    assert own.loc[~at_the_open, "day"].min() > 0  # nothing is carried on the first day


def test_it_learns_only_from_auctions_and_knows_where_it_stands(short):
    market = TokenFuturesMarket(short.replace(KYLE | ONE_CALL), rng=2)
    informed, auctions = informed_of(market), 0
    for _ in range(15 * 12):
        market.step()
        if market.clock.round == 2:  # the first look after the auction was in round 1
            now = int(informed.impacts["auctions"].sum())
            assert now >= auctions
            auctions = now
        elif market.clock.round > 2:
            assert informed.impacts["auctions"].sum() == auctions
            held = market.clearing.position_lots[informed.accounts][:, market.curve.slots]
            carried = informed.impacts["carried_lots"]
            assert (np.abs(carried) <= 60).all()
            assert np.abs(held).max() <= 60
    assert auctions > 100
    assert len(np.unique(informed.impacts["impact_ticks"])) > 10


def test_what_is_remembered_is_part_of_the_state(short):
    market = TokenFuturesMarket(short.replace(KYLE), rng=2)
    play(market, 2)
    before = market.state_hash()
    informed_of(market).impacts["impact_ticks"][0, 3] += 1e-9
    assert market.state_hash() != before


def test_the_same_seed_gives_the_same_world_with_either_engine(short):
    busy = short.replace(KYLE | ONE_CALL | {"run.days": 3, "agents.order_flow.tenors": [2]})
    compiled, reference = (
        run(busy.replace({"exchange.engine": engine}), seed=3) for engine in ("compiled", "reference")
    )
    assert compiled.state_hash == reference.state_hash


def test_who_knows_tomorrow_earns_in_auctions_and_who_knows_little_earns_less(short):
    """Over two seeds, both traders together."""
    profit = []
    for error in (0.0, 1.0):
        changes = KYLE | ONE_CALL | {"agents.informed.signal_sd": error}
        tables = [run(short.replace(changes), seed=seed).tables["agents"] for seed in (1, 2)]
        rows = [agents.loc[agents["agent_class"] == "informed", "pnl_usd_micro"].sum() for agents in tables]
        profit.append(sum(rows))
    assert profit[0] > 0
    assert profit[0] > profit[1]


def test_the_opening_price_is_nearer_to_tomorrows_value_with_them(short):
    """Mean distance of the opening price from what the month is worth tomorrow, second month, one seed."""
    distance = []
    for count in (0, 2):
        market = TokenFuturesMarket(short.replace(KYLE | ONE_CALL | {"agents.informed.count": count}), rng=5)
        opened = []
        for _ in range(24):
            market.step()
            opened.append((int(market.curve.months["month"][1]), market.public_view().last_trade_ticks(1)))
            worth = {int(row["month"]): float(row["model_ticks"]) for row in market.curve.months}
            if len(opened) > 1:
                month, price = opened[-2]
                if price is not None:
                    distance_today = abs(price - worth[month])
                    distance.append((count, distance_today))
            play(market, 11)
    by_count = {count: np.mean([d for c, d in distance if c == count]) for count in (0, 2)}
    assert by_count[2] < by_count[0]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "agents.informed.auction.price_impact", 0.0,
            "agents.informed.auction.price_impact: 0.0 is not in (0, 1e+06]",
        ),
        ("agents.informed.rule", "wait", 'agents.informed.rule: "wait" is not "take" or "auction"'),
    ],
)  # fmt: skip
def test_a_belief_that_no_trader_can_have_is_a_mistake_with_a_name(field, value, message):
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({field: value})
    assert str(caught.value) == message

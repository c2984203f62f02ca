"""What custom agents send over several days, and what becomes of messages that no exchange can accept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, reasons, rows_of, together

from abm.agents.base.population import TraderAgent
from abm.core.orders import RejectReason, Side, TimeInForce
from abm.market import CustomAgents, TokenFuturesMarket, run
from abm.scenario import Scenario


def open_lots(player):
    return sorted(player.open_orders()["lots"].tolist())


def test_each_order_lives_as_long_as_its_sender_said():
    """Lots name the orders: 1 for the day, 2 until cancelled, 3 to 5 until the close of day 0, 1 and 2."""
    market, (ann, _), _ = quiet()
    ann.script[0, 0] = together(
        buys(at_settlement(1), 1, 1),
        buys(at_settlement(1), 2, 1, time_in_force=TimeInForce.GTC),
        *(buys(at_settlement(1), 3 + days, 1, expiry_days=days) for days in range(3)),
    )
    alive = []
    for _ in range(4):
        play(market, 12)
        alive.append(open_lots(ann))
    assert alive == [[2, 4, 5], [2, 5], [2], [2]]


def test_an_order_until_cancelled_leaves_with_its_month():
    market, (ann, _), _ = quiet(calendar__days_per_month=2)
    ann.script[0, 0] = together(
        buys(at_settlement(0), 2, 0, time_in_force=TimeInForce.GTC),
        buys(at_settlement(1), 3, 1, time_in_force=TimeInForce.GTC),
        buys(at_settlement(11), 4, 11, time_in_force=TimeInForce.GTC),
    )
    alive = []
    for _ in range(5):
        play(market, 12)
        alive.append(open_lots(ann))
    assert alive == [[2, 3, 4], [3, 4], [3, 4], [4], [4]]


def test_an_order_outside_the_new_days_limits_is_cancelled_at_the_open():
    market, (ann, bob), _ = quiet(exchange__daily_limit=0.02, exchange__halts__expanded_limits=())
    ann.script[0, 0] = together(
        buys(lambda view: int(view.months["low_ticks"][1]), 2, 1, time_in_force=TimeInForce.GTC),
        buys(at_settlement(1), 3, 1, time_in_force=TimeInForce.GTC),
    )
    # A closing bid at the limit lifts the settlement, and with it the next day's lower limit.
    bob.script[0, 11] = buys(lambda view: int(view.months["high_ticks"][1]), 1, 1)
    play(market, 12)
    assert open_lots(ann) == [2, 3]
    play(market, 1)
    assert bob.views[1, 0].months["low_ticks"][1] > bob.views[0, 0].months["low_ticks"][1]
    assert open_lots(ann) == [3]


def test_a_waiting_stop_keeps_over_night_and_trades_the_next_day():
    market, (ann, bob), recorder = quiet()
    ann.script[0, 0] = lambda player, view: player.stop(
        side=Side.BUY, stop_ticks=view.settlement_ticks(1) + 5, lots=2, tenor=1, time_in_force=TimeInForce.GTC
    )

    def offer(player, view):
        for plus in (5, 6):
            player.limit(side=Side.SELL, tenor=1, price_ticks=first + plus, lots=2)

    play(market, 12)
    first = ann.views[0, 0].settlement_ticks(1)
    bob.script[1, 0] = offer
    ann.script[1, 1] = lambda player, view: player.limit(
        side=Side.BUY, tenor=1, price_ticks=first + 5, lots=2, time_in_force=TimeInForce.IOC
    )
    play(market, 3)
    assert rows_of(recorder.table("trades"), "day", "price_ticks", "lots") == [
        (1, first + 5, 2),
        (1, first + 6, 2),
    ]


MALFORMED = {
    "no price": (lambda me, view: me.limit(side=Side.BUY, price_ticks=None, lots=1), "PRICE_MISSING"),
    "a price that is not a number": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=math.nan, lots=1),
        "PRICE_MISSING",
    ),
    "an infinite price": (
        lambda me, view: me.limit(side=Side.SELL, price_ticks=math.inf, lots=1),
        "PRICE_MISSING",
    ),
    "a price beyond 64 bits": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=10**30, lots=1),
        "PRICE_LIMIT",
    ),
    "no lots": (lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=0), "QUANTITY_NOT_POSITIVE"),
    "lots that are not a number": (
        lambda me, view: me.market(side=Side.BUY, lots=math.nan),
        "QUANTITY_NOT_POSITIVE",
    ),
    "too many lots": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=10**20),
        "QUANTITY_TOO_LARGE",
    ),
    "no such side": (lambda me, view: me.limit(side=0, price_ticks=2_800, lots=1), "UNKNOWN_SIDE"),
    "no such life": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, time_in_force=99),
        "UNKNOWN_TIME_IN_FORCE",
    ),
    "no such self-match": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, self_match=9),
        "UNKNOWN_SELF_MATCH_MODE",
    ),
    "no such month": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, tenor=12),
        "MONTH_NOT_LISTED",
    ),
    "a month before the front": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, tenor=-1),
        "MONTH_NOT_LISTED",
    ),
    "no such spread": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=20, lots=1, far_tenor=1),
        "SPREAD_NOT_LISTED",
    ),
    "more shown than there is": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, display_lots=2),
        "DISPLAY_NOT_VALID",
    ),
    "a negative minimum": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, minimum_lots=-1),
        "MINIMUM_NOT_VALID",
    ),
    "until yesterday": (
        lambda me, view: me.limit(side=Side.BUY, price_ticks=2_800, lots=1, expiry_days=-1),
        "EXPIRY_DAY_PAST",
    ),
    "a stop that fills or kills": (
        lambda me, view: me.stop(side=Side.BUY, stop_ticks=2_850, lots=1, time_in_force=TimeInForce.FOK),
        "NOT_FOR_STOPS",
    ),
    "a stop without a trigger": (
        lambda me, view: me.stop(side=Side.BUY, stop_ticks=math.nan, lots=1),
        "PRICE_MISSING",
    ),
    "a crossed quote": (
        lambda me, view: me.quote(bid_ticks=2_801, bid_lots=1, ask_ticks=2_800, ask_lots=1),
        "QUOTE_CROSSED",
    ),
    "an unknown order modified": (lambda me, view: me.modify(77, 2_800, 1), "ORDER_NOT_FOUND"),
    "an order of others cancelled": (lambda me, view: me.cancel(1), "ORDER_NOT_FOUND"),
}


def sender(decide) -> CustomAgents:
    """Return agents of a class of one name, so that whatever they send, they draw the same arrival times."""
    return CustomAgents(type("Sender", (TraderAgent,), {"decide": decide}))


def bungle(agent, view):
    """Send every malformed message once a round."""
    for send, _ in MALFORMED.values():
        send(agent, view)


def knock(agent, view):
    """Send as many messages that ask for nothing: cancellations of orders that never were."""
    for _ in MALFORMED:
        agent.cancel(10**15)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_refused_with_its_reason(name):
    send, reason = MALFORMED[name]
    market, (ann, _), recorder = quiet()
    ann.script[0, 0] = send
    before = market.exchange.resting_orders().tolist()
    play(market, 1)
    assert reasons(recorder, ann.account) == [reason]
    assert market.exchange.resting_orders().tolist() == before


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_malformed_messages_are_counted_and_change_nothing(engine):
    days = Scenario().replace(
        {"run.days": 2, "calendar.rounds_per_day": 24, "exchange.engine": engine, "agents.noise.count": 20}
    )
    bungled, knocked = (run(days, seed=4, custom_agents=[sender(decide)]) for decide in (bungle, knock))
    assert bungled.state_hash == knocked.state_hash
    assert bungled.tables["trades"].equals(knocked.tables["trades"])
    rejected = bungled.manifest["counts"]["rejected"]
    asked = [reason for _, reason in MALFORMED.values()]
    rounds = 2 * 24
    own = {name: asked.count(name) * rounds for name in set(asked)}
    others = {name: number - own.get(name, 0) for name, number in rejected.items()}
    knocks = knocked.manifest["counts"]["rejected"]
    knocks["ORDER_NOT_FOUND"] -= len(MALFORMED) * rounds
    assert others == {name: knocks.get(name, 0) for name in others}
    agents = bungled.tables["agents"]
    assert agents["rejected"].iloc[-1] == agents["messages"].iloc[-1] == len(MALFORMED) * rounds


def test_no_message_of_an_account_nobody_has_reaches_the_books():
    market = TokenFuturesMarket(Scenario(), rng=1, custom_agents=[sender(bungle)])
    play(market, 2)
    assert market.refusals.shape == (201, len(RejectReason))
    assert np.all(market.refusals[:, RejectReason.UNKNOWN_ACCOUNT] == 0)

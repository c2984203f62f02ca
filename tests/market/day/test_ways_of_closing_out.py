"""How a defaulter is closed out, or reduced before it is one, in a market small enough to reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import Player, buys, play, quiet, sells
from test_missed_call_day_by_day import FIELDS, _near_value

from abm.core.orders import RejectReason
from abm.market import CustomAgents, MarketRule, TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario


def test_a_portfolio_won_in_an_auction_counts_at_the_price_it_was_won_at():
    """The members' own accounts bid; one takes the 1,000 lots at a quarter of their margin."""
    auction = {"clearing__close_out_method": "auction", "clearing__member_account_usd": 5e6}
    market, (offers, bids), recorder = quiet(**(FIELDS | auction))
    for moment in np.ndindex(4, 12):
        offers.script[moment] = sells(_near_value(10), 300, 1)
        bids.script[moment] = buys(_near_value(-10), 300, 1)
    play(market, 4 * 12)
    house, members = market.clearing, next(p for p in market.populations if p.name == "member")
    (winner,) = np.flatnonzero(house.position_lots[:, 1] < 0)
    assert members.first_account <= winner < members.first_account + members.count
    assert house.position_lots[winner].tolist() == [0, -1_000, *[0] * 10]
    # Margin is 12 % of 2,700 ticks, 324 USD a lot, of which a bidder asks a quarter: 2,700 + 81 ticks.
    assert market.trade_value_ticks[winner, 1] == -1_000 * 2_781
    assert house.variation_usd_micro[winner] == 1_000 * 81 * 1_000_000
    assert len(recorder.table("trades")) == 0


class Short(Player):
    """Follows a script on 30,000 USD, which a rise of 400 ticks takes from 100 lots."""


def test_a_forced_reduction_takes_the_accounts_orders_out_and_lets_it_send_none():
    fields = {name.replace("__", "."): value for name, value in FIELDS.items() if "holders" not in name}
    changes = {
        "calendar.rounds_per_day": 12,
        "calendar.days_per_month": 21,
        "exchange.sessions.opening_auction": 0.0,
        "clearing.call_deadline_days": 0.25,
        "clearing.reduction_grace_days": 3.0,
    }
    recorder = Recorder("full")
    market = TokenFuturesMarket(
        Scenario().replace(fields | changes),
        rng=1,
        custom_agents=[CustomAgents(Player, 2, cash_usd=1e9), CustomAgents(Short, 1, cash_usd=30_000.0)],
        recorder=recorder,
    )
    for population in market.populations[:-2]:
        for name in population.activity_columns:
            population.columns[name][:] = 0.0
    offers, bids = market.agents_by_type[Player]
    (short,) = market.agents_by_type[Short]
    bids.script[0, 1] = buys(2_000, 100, 1)
    short.script[0, 2] = sells(2_000, 100, 1)
    for number in range(12):
        # From day 2 on the two hold the price at 2,700, where nobody meets the short's low bid of the day.
        offers.script[2, number] = sells(_near_value(10), 1, 1)
        bids.script[2, number] = buys(_near_value(-10), 1, 1)
    own = {}

    def bid_low(player, view):
        own["order"] = player.limit(side=1, price_ticks=1_500, lots=10, tenor=1)

    def cancel(player, view):
        player.cancel(own["order"])

    short.script[2, 0] = bid_low
    short.script[2, 9] = sells(2_800, 1, 1)
    short.script[2, 11] = cancel
    play(market, 3 * 12)
    (notice,) = recorder.table("defaults").itertuples()
    assert (notice.event, notice.account) == ("forced_reduction", short.account)
    assert (notice.day, notice.round) == (2, 8)  # called after round 5, a quarter of a day
    orders = recorder.table("orders")
    sent = orders[(orders["account"] == short.account) & (orders["day"] == 2) & (orders["arrival_ms"] > 0.0)]
    assert [(row.round, RejectReason(row.reason).name) for row in sent.itertuples()] == [
        (0, "NONE"),
        (9, "ACCOUNT_SUSPENDED"),
        (11, "ORDER_NOT_FOUND"),
    ]


def test_the_fund_and_the_capital_of_the_house_are_filled_up_again_when_that_is_due():
    """Used after round 5 of day 3 for 30,000 and 50,500 USD, they are due half a day later, at the close."""
    market, (offers, bids), recorder = quiet(**(FIELDS | {"clearing__recovery__replenish_days": 0.5}))
    for moment in np.ndindex(4, 12):
        offers.script[moment] = sells(_near_value(10), 300, 1)
        bids.script[moment] = buys(_near_value(-10), 300, 1)
    play(market, 4 * 12)
    fresh = recorder.table("ledger").query("kind == 'house_capital' or kind == 'fund_contribution'")
    sums = fresh.groupby(["day", "round", "kind"])["amount_usd_micro"].sum() / 1e6
    assert sums.to_dict() == {(3, 11, "fund_contribution"): 50_500.0, (3, 11, "house_capital"): 30_000.0}
    assert market.clearing.skin_in_the_game_usd_micro == 30_000_000_000


class HaltOfThreeRounds(MarketRule):
    """Halts every month in rounds 1 to 3 of day 3."""

    def before_round(self, market):
        if (market.clock.day, market.clock.round) == (3, 1):
            everywhere = np.ones(market.exchange.n_slots, dtype=np.bool_)
            market.sessions.halt(everywhere, until_round=market.clock.now_round + 3, reopening_rounds=0)


@pytest.mark.parametrize("sign", [1, -1], ids=["it buys", "it sells"])
def test_the_house_sends_no_close_out_orders_into_a_halt(sign):
    first, second, *rest = FIELDS["agents__holders"]
    turned = [holder | {"lots": (0, sign * holder["lots"][1])} for holder in (first, second)]
    fields = FIELDS | {"agents__holders": [*turned, *rest], "spot__level_shift__log_size": sign * 0.3}
    market, (offers, bids), recorder = quiet(rules=[HaltOfThreeRounds()], **fields)
    for moment in np.ndindex(4, 12):
        offers.script[moment] = sells(_near_value(10), 300, 1)
        bids.script[moment] = buys(_near_value(-10), 300, 1)
    play(market, 4 * 12)
    (default,) = recorder.table("defaults").query("event == 'client_default'").itertuples()
    orders = recorder.table("orders").query(f"account == {default.account} and day == 3")
    # In round 0 nobody offers yet; the quotes of the halt stand, and the house waits for its end.
    assert orders["round"].min() == 4
    assert (orders["reason"] == 0).all()
    assert set(orders["side"]) == {sign}

"""A player outside the market stops a round between seeing and settling, and sees what every trader sees."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.base.population import TraderAgent
from abm.core.errors import ParameterError
from abm.core.orders import Side
from abm.market import CustomAgents, TokenFuturesMarket

ROUNDS = 3 * 12  # two opens are passed


class Witness(TraderAgent):
    """Keeps what it has seen."""

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.seen = []

    def decide(self, view):
        self.seen.append(view)


def market_of(short, **more):
    return TokenFuturesMarket(short, rng=3, custom_agents=[CustomAgents(Witness, cash_usd=1e7)], **more)


def witness_of(market):
    (witness,) = market.agents_by_type[Witness]
    return witness


def test_a_player_sees_the_view_that_every_trader_sees_at_opens_too(short):
    market = market_of(short)
    for _ in range(ROUNDS):
        view = market.observe()
        copy = view.months.copy()
        batch = market.act(view)
        assert witness_of(market).seen[-1] is view
        market.settle(batch)
        assert np.array_equal(view.months, copy), "a view changes after it has been seen"
    opens = [view for view in witness_of(market).seen if view.round == 0]
    assert [view.day for view in opens] == [0, 1, 2]


def test_rounds_in_three_parts_are_the_rounds_of_step(short):
    stepped, parted = market_of(short), market_of(short)
    for number in range(ROUNDS):
        stepped.step()
        if number % 3 == 0:
            parted.settle(parted.act(parted.observe()))
        elif number % 3 == 1:
            parted.observe()
            parted.step()  # does what is left of the round
        else:
            parted.act()
            parted.step()
        assert parted.steps == stepped.steps
    assert parted.state_hash() == stepped.state_hash()


def test_a_second_look_changes_nothing(short):
    looked, alone = market_of(short), market_of(short)
    for _ in range(ROUNDS):
        assert looked.observe() is looked.observe()
        looked.step()
        alone.step()
    assert looked.state_hash() == alone.state_hash()


def test_a_player_sends_messages_from_outside_and_reacts_to_what_it_has_seen(short):
    market = market_of(short)
    player = witness_of(market)
    view = market.observe()
    price = int(view.months["low_ticks"][2])
    player.limit(side=Side.BUY, tenor=2, price_ticks=price, lots=3)
    batch = market.act(view)
    mine = batch[batch["account"] == player.account]
    assert (mine["price_ticks"].tolist(), mine["lots"].tolist()) == ([price], [3])
    market.settle(batch)
    resting = market.exchange.resting_orders()
    assert resting[resting["account"] == player.account]["lots"].tolist() == [3]


def test_messages_left_out_of_what_is_settled_never_arrive(short):
    market = market_of(short)
    batch = market.act()
    market.settle(batch[:0])
    assert market.messages_sent.sum() == 0


@pytest.mark.parametrize(
    ("play", "complaint"),
    [
        (lambda market: market.settle(np.zeros(0)), "settle: nobody has acted"),
        (lambda market: (market.act(), market.act()), "act: the traders of this round have acted"),
        (lambda market: (market.act(), market.settle([1])), r"settle: \[1\] is no array"),
    ],
    ids=["settle first", "act twice", "no messages"],
)
def test_a_part_of_a_round_out_of_its_order_is_refused_in_words(short, play, complaint):
    with pytest.raises(ParameterError, match=complaint):
        play(market_of(short))

"""A trader that is removed stops at once; its position stays an account, settled, margined, closed out."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_lower_limit, at_settlement, at_upper_limit, buys, play, quiet, sells

from abm import CustomAgents, PopulationSpec, Scenario, TokenFuturesMarket, TraderAgent
from abm.agents.base.population import Population
from abm.agents.hedgers.shell import InferenceProvider
from abm.agents.makers.shell import DesignatedMarketMaker
from abm.core.errors import ParameterError
from abm.core.orders import TimeInForce
from abm.market import MarketRule, run
from abm.recording import Recorder

ROUNDS = 6
EVERY_CLASS = {
    "calendar.rounds_per_day": ROUNDS,
    "exchange.spreads.lengths": (1,),
    "agents.arbitrageurs.count": 2,
    "agents.informed.count": 2,
    "agents.mixture.count": 4,
    "agents.switching.count": 8,
    "agents.order_flow.tenors": (0, 3),
    "agents.noise.limits.stop_out": 0.9,
    "clearing.member_account_usd": 1e6,
}
CRISIS = {
    "calendar.rounds_per_day": 8,
    "agents.providers.cash_share": 0.05,
    "agents.providers.credit_share": 0.0,
    "spot.level_shift.log_size": 1.0,
    "spot.level_shift.duration_days": 10,
}


class Bidder(TraderAgent):
    """Bids one lot far below the market in every round."""

    def decide(self, view):
        self.limit(
            side=1,
            tenor=2,
            price_ticks=int(view.months["low_ticks"][2]),
            lots=1,
            time_in_force=TimeInForce.GTC,
        )


class Stubborn(Population):
    """A user's own population that knows of no suspension."""

    def decide_all(self, view, position_lots, outbox):
        for account in self.columns["account"].tolist():
            outbox.add(account, 1.0, 0, int(view.months["month"][0]), 1, int(view.months["low_ticks"][0]), 1)


STUBBORN_DTYPE = np.dtype([("account", np.int64), ("actions_per_day", np.float64)])


def stubborn(accounts):
    return Stubborn(
        accounts.columns(STUBBORN_DTYPE),
        accounts.streams,
        first_account=accounts.first_account,
        funding=accounts.funding,
    )


def everybody(seed=3, **more):
    return TokenFuturesMarket(
        Scenario().replace(EVERY_CLASS),
        rng=seed,
        custom_agents=[CustomAgents(Bidder, 2), PopulationSpec("stubborn", 2, stubborn)],
        **more,
    )


def resting(market, account):
    return len(market.exchange.open_orders(account))


def test_the_removed_of_every_class_send_nothing_more_and_have_no_orders():
    market = everybody()
    play(market, ROUNDS + 3)
    leaving = [
        next(agent for agent in market.agents if agent.population is p) for p in market.populations if p.count
    ]
    assert len(leaving) >= 14
    assert sum(resting(market, agent.account) for agent in leaving) > 10
    for agent in leaving:
        agent.remove()
    accounts = [agent.account for agent in leaving]
    sent, held = market.messages_sent[accounts].copy(), market.clearing.position_lots[accounts].copy()
    assert [resting(market, account) for account in accounts] == [0] * len(accounts)
    others = market.messages_sent.sum() - sent.sum()
    for _ in range(ROUNDS):
        market.step()
        assert [resting(market, account) for account in accounts] == [0] * len(accounts)
    assert market.messages_sent[accounts].tolist() == sent.tolist()
    assert market.clearing.position_lots[accounts].tolist() == held.tolist()
    assert np.abs(held).sum() > 0
    assert market.messages_sent.sum() - sent.sum() > others
    market.exchange.check()
    market.clearing.check()


def test_a_run_without_its_makers_goes_on_to_the_end():
    class Dismissal(MarketRule):
        def close_day(self, market):
            if market.clock.day == 0:
                for maker in list(market.agents_by_type[DesignatedMarketMaker]):
                    maker.remove()

    scenario = Scenario().replace(
        {"calendar.rounds_per_day": ROUNDS, "run.days": 3, "recording.profile": "full"}
    )
    result = run(scenario, seed=3, rules=[Dismissal()])
    agents = result.tables["agents"]
    makers = agents.loc[agents["agent_class"] == "dmm", "account"]
    by_day = result.tables["orders"].query("account in @makers").groupby("day").size()
    assert list(by_day.index) == [0]
    assert len(makers) == scenario.agents.market_makers.count
    assert result.tables["dmm"]["day"].max() == 2


def test_agent_sets_no_longer_hold_the_removed_and_twice_is_once():
    market = everybody()
    market.step()
    maker = next(iter(market.agents_by_type[DesignatedMarketMaker]))
    before = len(market.agents)
    maker.remove()
    hash_after = market.state_hash()
    maker.remove()
    assert market.state_hash() == hash_after
    assert maker not in market.agents
    assert maker not in market.agents_by_type[DesignatedMarketMaker]
    assert len(market.agents) == before - 1


def test_all_agents_can_be_removed_at_any_time_of_the_run():
    for rounds in (0, 3, ROUNDS):
        market = everybody()
        play(market, rounds)
        market.remove_all_agents()
        sent = market.messages_sent.sum()
        play(market, ROUNDS)
        assert len(market.agents) == 0
        assert market.messages_sent.sum() == sent
        assert len(market.exchange.resting_orders()) == 0


def test_who_leaves_is_part_of_the_state_and_same_seed_is_same_world():
    def world(leaves):
        market = everybody()
        play(market, ROUNDS)
        members = [agent for agent in market.agents if agent.population.name == "member"]
        if leaves:
            members[0].remove()
        before = market.state_hash()
        play(market, ROUNDS)
        return before, market.state_hash()

    with_a_leaver, once_more, without = world(leaves=True), world(leaves=True), world(leaves=False)
    assert with_a_leaver == once_more
    assert with_a_leaver[0] != without[0]
    assert with_a_leaver[1] != without[1]


def test_a_trader_may_leave_inside_its_own_decision_and_take_its_orders_along():
    market, (ann, _), recorder = quiet(exchange__spreads__lengths=(1,))
    gtc = {"time_in_force": TimeInForce.GTC}

    def places(player, view):
        buys(at_lower_limit(), **gtc)(player, view)
        low, high = at_lower_limit(1)(view), at_upper_limit(1)(view)
        player.quote(bid_ticks=low, bid_lots=1, ask_ticks=high, ask_lots=1, tenor=1)
        player.stop(side=1, stop_ticks=at_upper_limit(2)(view), lots=1, tenor=2)
        player.limit(side=1, price_ticks=10, lots=1, tenor=0, far_tenor=1, **gtc)

    def leaves(player, view):
        buys(at_lower_limit())(player, view)
        player.remove()
        buys(at_lower_limit())(player, view)

    ann.script = {(0, 0): places, (0, 2): leaves, (0, 3): buys(at_lower_limit())}
    play(market, 2)
    assert resting(market, ann.account) == 5
    sent = market.messages_sent[ann.account]
    play(market, 3)
    assert resting(market, ann.account) == 0
    assert market.messages_sent[ann.account] == sent
    assert (0, 3) not in ann.views
    orders = recorder.table("orders")
    assert set(orders.loc[orders["account"] == ann.account, "round"]) == {0}


def test_one_trader_may_remove_another_that_is_still_to_be_asked_in_the_round():
    market, (ann, bob), _ = quiet()
    ann.script = {(0, 1): lambda player, view: bob.remove()}
    bob.script = {(0, 0): buys(at_lower_limit()), (0, 1): buys(at_lower_limit())}
    play(market, 3)
    assert (0, 1) not in bob.views
    assert market.messages_sent[bob.account] == 1
    assert resting(market, bob.account) == 0


@pytest.mark.parametrize(
    "hook", ["open_day", "before_round", "before_matching", "after_matching", "close_day"]
)
def test_a_rule_may_remove_a_trader_in_any_of_its_hooks(hook):
    class Ban(MarketRule):
        done = False

        def ban(self, market):
            if market.clock.day == 1 and not self.done:
                self.done = True
                ann.remove()

        def before_matching(self, market, batch):
            if hook == "before_matching":
                self.ban(market)
            return batch

        def after_matching(self, market, batch, result):
            if hook == "after_matching":
                self.ban(market)

    class Reader(MarketRule):
        def after_matching(self, market, batch, result):
            accounts.extend(result.cancellations["order_id"].tolist())

    accounts: list[int] = []
    if hook not in ("before_matching", "after_matching"):
        setattr(Ban, hook, lambda self, market: self.ban(market))
    market, (ann, _), _ = quiet(rules=[Ban(), Reader()], calendar__rounds_per_day=2)
    ann.script = {
        (day, round_of_day): buys(at_lower_limit(), time_in_force=TimeInForce.GTC)
        for day in (0, 1, 2)
        for round_of_day in (0, 1)
    }
    play(market, 2)
    assert resting(market, ann.account) == 2
    play(market, 4)
    assert resting(market, ann.account) == 0
    assert market.messages_sent[ann.account] == {"after_matching": 3, "close_day": 4}.get(hook, 2)
    assert accounts == []


def test_the_position_of_the_removed_is_margined_and_settled_to_the_end():
    market, (ann, bob), recorder = quiet(calendar__rounds_per_day=2, calendar__days_per_month=4)
    ann.script = {(0, 0): buys(at_settlement(), lots=50)}
    bob.script = {(0, 0): sells(at_settlement(), lots=50)}
    play(market, 2)
    assert ann.position_lots() == 50
    ann.remove()
    play(market, 4)
    assert ann.position_lots() == 50
    accounts = recorder.table("accounts").set_index(["account", "day"])
    moves = accounts["variation_usd_micro"]
    assert moves[ann.account, 1] == -moves[bob.account, 1] != 0
    assert accounts["initial_margin_usd_micro"][ann.account, 2] > 0
    play(market, 2)  # the month expires
    assert market.clearing.position_lots[ann.account].sum() == 0


def test_a_removed_trader_that_cannot_pay_defaults_and_is_closed_out():
    recorder = Recorder("daily")
    market = TokenFuturesMarket(Scenario().replace(CRISIS), rng=2, recorder=recorder)
    play(market, 4 * 8)
    providers = list(market.agents_by_type[InferenceProvider])
    for provider in providers:
        provider.remove()
    accounts = [provider.account for provider in providers]
    sent = market.messages_sent[accounts].copy()
    assert (market.clearing.position_lots[accounts].sum(axis=1) < 0).any()
    play(market, 10 * 8)
    events = recorder.table("defaults").query("account in @accounts")
    assert {"client_default", "close_out_finished"} <= set(events["event"])
    failed = events.loc[events["event"] == "close_out_finished", "account"].tolist()
    assert not market.clearing.position_lots[failed].any()
    assert (market.messages_sent[accounts] - sent).sum() > 0  # the house's orders to close them out


class Newcomer(TraderAgent):
    def decide(self, view):
        self.cancel_all()


def test_a_trader_cannot_join_a_market_that_is_built():
    market = everybody()
    population = market.populations[-2]
    with pytest.raises(ParameterError, match=r"Newcomer: .*custom_agents"):
        Newcomer(market, population, 0)
    with pytest.raises(ParameterError, match=r"Newcomer: .*custom_agents"):
        Newcomer(market)
    with pytest.raises(ParameterError, match=r"Newcomer: .*custom_agents"):
        Newcomer.create_agents(market, 3)
    gone = next(iter(market.agents))
    gone.remove()
    with pytest.raises(ParameterError, match="custom_agents"):
        market.register_agent(gone)
    assert not any(isinstance(agent, Newcomer) for agent in market.agents)

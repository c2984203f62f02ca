"""A user's whole class of traders in the market: the door ``PopulationSpec``, and a flow that uses it."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.base.population import Population
from abm.agents.order_flow.shell import FlowRates, FlowSource, PoissonFlow
from abm.core.errors import ParameterError
from abm.core.orders import RejectReason, Side
from abm.market import CustomAgents, PopulationSpec, TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

PLAIN_DTYPE = np.dtype([("account", np.int64), ("actions_per_day", np.float64)])
DAY = 12
COARSE = {"calendar.rounds_per_day": DAY, "exchange.sessions.opening_auction": 0.0}


class Bidders(Population):
    """Each bids one lot in the second month in the first round, at a price that it drew when it was built."""

    name = "bidder"

    def __init__(self, accounts):
        columns = accounts.columns(PLAIN_DTYPE, actions_per_day=1.0)
        super().__init__(
            columns, accounts.streams, first_account=accounts.first_account, funding=accounts.funding
        )
        self.depth_ticks = accounts.generator("depth").integers(20, 60, accounts.count)
        self.days = []

    def new_day(self, opening):
        self.days.append(opening.day)

    def decide_all(self, view, position_lots, outbox):
        if view.round > 0:
            return
        bids = view.settlement_ticks(1) - self.depth_ticks
        for row in np.flatnonzero(self.columns["actions_per_day"] > 0.0):
            outbox.add(
                kind=0, account=int(self.columns["account"][row]), month=int(view.months["month"][1]),
                arrival=5.0, side=Side.BUY, price_ticks=int(bids[row]), lots=1,
            )  # fmt: skip


def spec(build=Bidders, **changes):
    return PopulationSpec(**{"name": "bidders", "count": 3, "build": build, "cash_usd": 2e6} | changes)


def market_with(*custom, seed=1, recorder=None):
    return TokenFuturesMarket(
        Scenario().replace(COARSE), rng=seed, custom_agents=list(custom), recorder=recorder
    )


def rounds(market, count=1):
    for _ in range(count):
        market.step()


def test_its_accounts_come_after_all_others_with_the_money_it_asked_for():
    market = market_with(CustomAgents(FlowSource, count=2), spec(credit_usd=5e5))
    bidders = market.populations[-1]
    assert isinstance(bidders, Bidders)
    assert bidders.first_account == market.populations[-2].first_account + 2
    assert bidders.accounts.stop == market.exchange.n_accounts == len(market.agents)
    assert (market.equity_usd_micro[bidders.accounts] == 2 * 10**12).all()
    assert (bidders.funding.credit_limit_usd_micro == 5 * 10**11).all()


def test_its_orders_reach_the_book():
    recorder = Recorder("full")
    market = market_with(spec(), recorder=recorder)
    rounds(market, DAY + 1)
    orders = recorder.table("orders")
    own = orders[orders["account"] >= market.populations[-1].first_account]
    assert own["reason"].tolist() == [RejectReason.NONE] * 6
    assert own["arrival_ms"].tolist() == [5.0] * 6
    assert market.populations[-1].days == [0, 1]


def test_a_population_that_sends_nothing_moves_nobody():
    def idle(accounts):
        population = Bidders(accounts)
        population.columns["actions_per_day"] = 0.0
        return population

    with_them, without = market_with(spec(build=idle)), market_with()
    for market in (with_them, without):
        rounds(market, 2 * DAY)
    others = with_them.populations[-1].first_account
    np.testing.assert_array_equal(with_them.equity_usd_micro[:others], without.equity_usd_micro)
    np.testing.assert_array_equal(with_them.messages_sent[:others], without.messages_sent)


def test_its_draws_depend_on_seed_and_name_alone():
    cases = ((1, [spec()]), (1, [spec(name="others"), spec()]), (1, [spec(name="others")]), (2, [spec()]))
    crowds = [market_with(*custom, seed=seed).populations[-1] for seed, custom in cases]
    for draws in (
        [crowd.depth_ticks.tolist() for crowd in crowds],
        [crowd.streams.tolist() for crowd in crowds],
    ):
        assert draws[0] == draws[1]
        assert draws[0] != draws[2]
        assert draws[0] != draws[3]


class Impostor(Bidders):
    def __init__(self, accounts):
        super().__init__(accounts)
        self.columns["account"] += 1


class Restless(Bidders):
    activity_columns = ("energy",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"build": lambda accounts: None}, "'bidders': build returned None"),
        ({"build": Impostor}, "'bidders': its accounts"),
        ({"build": Restless}, "energy"),
        ({"count": 0}, "'bidders': count 0"),
        ({"cash_usd": 0.0}, "cash_usd 0.0"),
        ({"credit_usd": -1.0}, "credit_usd -1.0"),
        ({"name": ""}, "name is empty"),
    ],
)
def test_a_specification_that_cannot_be_is_refused(changes, words):
    with pytest.raises(ParameterError, match=words):
        market_with(spec(**changes))


def test_two_specifications_of_one_name_are_refused():
    with pytest.raises(ParameterError, match="population 'bidders': another one has this name"):
        market_with(spec(), spec())


def test_one_class_given_twice_draws_from_streams_of_its_own():
    market = market_with(CustomAgents(FlowSource, count=2), CustomAgents(FlowSource, count=2, cash_usd=5e6))
    first, again = market.populations[-2:]
    assert not set(first.streams.tolist()) & set(again.streams.tolist())


def test_what_is_no_specification_is_refused():
    with pytest.raises(ParameterError, match="neither CustomAgents nor a PopulationSpec"):
        market_with(Bidders)


def flow_spec(name="flow", months=2, limits=400.0):
    rates = FlowRates(
        limits_per_day=np.full(5, limits), markets_per_day=300.0, cancels_per_day=np.array([40.0, 60.0])
    )
    return PopulationSpec(
        name,
        count=3 * months,
        cash_usd=1e9,
        build=lambda accounts: PoissonFlow(
            rates, accounts.streams, tenors=range(months), first_account=accounts.first_account,
            funding=accounts.funding,
        ),
    )  # fmt: skip


def test_a_poisson_flow_trades_with_itself_but_no_source_with_its_own_orders():
    recorder = Recorder("full")
    market = market_with(flow_spec(), recorder=recorder)
    for population in market.populations[:-1]:
        for name in population.activity_columns:
            population.columns[name][:] = 0.0
    rounds(market, 4 * DAY)
    sources = market.populations[-1]
    trades = recorder.table("trades")
    assert len(trades) > 500
    assert (trades["buyer"] != trades["seller"]).all()
    taker = np.where(trades["aggressor_side"] == Side.BUY, trades["buyer"], trades["seller"])
    assert set(sources.columns["side"][taker - sources.first_account].tolist()) == {0}
    refused = {RejectReason(k).name for k in np.flatnonzero(market.refusals.sum(axis=0))}
    assert refused == {"POST_ONLY_WOULD_TAKE", "NO_OPPOSITE_PRICE", "ORDER_NOT_FOUND"} & refused
    assert "ORDER_NOT_FOUND" in refused
    assert (market.refusals[:, RejectReason.ORDER_NOT_FOUND].sum()) <= len(trades) + market.refusals[
        :, RejectReason.POST_ONLY_WOULD_TAKE
    ].sum()


def test_no_order_of_a_flow_is_left_behind_unwatched():
    """Every resting order has its clock, from one day to the next."""
    market = market_with(flow_spec())
    for _ in range(3):
        rounds(market, DAY)
        flow = market.populations[-1]
        resting = np.concatenate(
            [market.exchange.open_orders(account)["order_id"] for account in flow.columns["account"].tolist()]
        )
        assert len(resting) > 50
        assert np.isin(resting, flow.clocks["order_id"]).all()


def test_the_same_seed_gives_the_same_flow():
    hashes = []
    for seed in (1, 1, 2):
        market = market_with(flow_spec(), seed=seed)
        rounds(market, DAY)
        hashes.append(market.state_hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_clocks_are_part_of_the_state():
    market = market_with(flow_spec())
    rounds(market, 2)
    before = market.state_hash()
    market.populations[-1].clocks["rings_at"][0] += 1e-9
    assert market.state_hash() != before

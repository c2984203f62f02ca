"""A fork is equal to its market, shares nothing with it, and has the same path when stepped alike."""

from __future__ import annotations

import copy
import gc
import random
import threading
import weakref
from functools import partial
from pathlib import Path
from types import MethodType

import mesa
import numpy as np
import plain_rounds
import pytest
from quiet_market import FEW_TRADERS, Player, buys, play, quiet, sells
from twins import assert_same_tables, assert_twins

from abm import CustomAgents, Scenario, TokenFuturesMarket, TraderAgent
from abm.core.errors import CopyError
from abm.core.orders import TradingPhase
from abm.core.settings.fields import Section
from abm.market import MarketRule
from abm.recording import Recorder

AFTER = [60, pytest.param(200, marks=pytest.mark.verify)]
NICKEL = {"exchange.sessions.opening_auction": 0.1, "calendar.rounds_per_day": 24}
MOMENTS = {
    144: ("auction", lambda m: (m.exchange.top_of_book().phase == int(TradingPhase.AUCTION)).any()),
    155: ("calls outstanding", lambda m: (m.clearing.outstanding_calls_usd_micro > 0).any()),
    173: ("default", lambda m: m.clearing.has_positions_to_close),
}
"""Of a market of nickel in 2022: after which round it is in the middle of what."""
BOTH = {"fork": lambda market, folder: market.fork(), "file": lambda market, folder: reloaded(market, folder)}
EITHER = ["file", pytest.param("fork", marks=pytest.mark.verify)]
"""Where the file alone, which is the same walk and more, tells enough while one waits."""


def reloaded(market, folder):
    return type(market).load(market.save(folder / "saved.market"))


def small(changes=None, **more):
    scenario = Scenario().replace(plain_rounds.FEW | (changes or {}))
    return TokenFuturesMarket(scenario, rng=1, **more)


def hashes(market, rounds):
    found = []
    for _ in range(rounds):
        market.step()
        found.append(market.state_hash())
    return found


@pytest.fixture(scope="module", params=AFTER)
def nickel(request, tmp_path_factory):
    """The market to the end, its hashes by round, and its twins of both kinds from the middle of things."""
    market = TokenFuturesMarket(
        Scenario.load("nickel_2022").replace(NICKEL), rng=1, recorder=Recorder("full")
    )
    found, twins = [], {}
    for k in range(max(MOMENTS) + request.param + 1):
        found += hashes(market, 1)
        if k in MOMENTS:
            name, is_now = MOMENTS[k]
            assert is_now(market), name
            for way, twin in BOTH.items():
                twins[name, way] = k, twin(market, tmp_path_factory.mktemp(way))
    return market, found, twins


def assert_same_path(nickel, moment, way, rounds):
    market, found, twins = nickel
    k, twin = twins[moment, way]
    expected = found[k + 1 :][:rounds]
    assert twin.state_hash() == found[k]
    assert hashes(twin, len(expected)) == expected
    return market, twin


@pytest.mark.parametrize("way", EITHER)
def test_a_twin_from_the_middle_of_a_default_has_the_same_path_and_tables(nickel, way):
    market, twin = assert_same_path(nickel, "default", way, None)
    assert_same_tables(market, twin)
    assert str(market.datacollector.model_vars) == str(twin.datacollector.model_vars)


@pytest.mark.parametrize("moment", ["auction", "calls outstanding"])
def test_a_fork_from_the_middle_of_things_goes_through_the_default_alike(nickel, moment):
    market = nickel[0]
    assert_same_path(nickel, moment, "fork", 35 if market.steps < 300 else None)


@pytest.mark.verify
@pytest.mark.parametrize("moment", ["auction", "calls outstanding"])
def test_a_saved_market_has_the_same_path_to_the_end(nickel, moment):
    assert_same_path(nickel, moment, "file", None)


@pytest.mark.parametrize("case", plain_rounds.MARKETS)
def test_twins_with_every_class_of_traders_are_equal_and_share_nothing(case, tmp_path):
    market = small(plain_rounds.MARKETS[case], recorder=Recorder("full"))
    play(market, 7)
    before = market.state_hash()
    fork, loaded = market.fork(), reloaded(market, tmp_path)
    for twin in (fork, loaded):
        assert assert_twins(market, twin) > 500
    assert before == market.state_hash()
    assert hashes(market, 4) == hashes(fork, 4) == hashes(loaded, 4)
    for twin in (fork, loaded):
        assert_same_tables(market, twin)


def test_the_plain_exchange_is_copied_as_well(tmp_path):
    market = small({"exchange.engine": "reference"})
    play(market, 3)
    for twin in (market.fork(), reloaded(market, tmp_path)):
        assert_twins(market, twin)
    assert hashes(twin, 4) == hashes(market, 4)


def test_what_a_fork_does_leaves_its_original_alone():
    market = small(recorder=Recorder("daily"))
    play(market, 3)
    expected = hashes(market.fork(), 6)
    fork = market.fork()
    for population in fork.populations:
        for name in population.activity_columns:
            population.columns[name][:] = 0.0
    next(iter(fork.agents)).remove()
    play(fork, 6)
    assert len(fork.agents) == len(market.agents) - 1
    assert hashes(market, 6) == expected
    assert fork.state_hash() != expected[-1]


def test_the_agents_of_a_fork_are_its_own():
    market = small(custom_agents=[CustomAgents(Learner, 2)])
    plain = mesa.Agent(market)
    next(iter(market.agents_by_type[Learner])).remove()
    fork = market.fork()
    assert [agent.unique_id for agent in fork.agents] == [agent.unique_id for agent in market.agents]
    assert {type(agent): None for agent in fork.agents} == dict.fromkeys(fork.agents_by_type)
    assert all(agent.model is fork for agent in fork.agents)
    assert not set(fork.agents) & set(market.agents)
    assert mesa.Agent(fork).unique_id == mesa.Agent(market).unique_id == plain.unique_id + 1
    assert fork.random.random() == market.random.random()
    assert fork.rng.random() == market.rng.random()


class Learner(TraderAgent):
    """Remembers in many ways, and acts on it."""

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.prices = np.zeros(4)
        self.newest = self.prices[2:]
        self.by_round = {}
        self.view = None
        self.noise = np.random.default_rng(row)
        self.rule = partial(self.wanted, side=1)

    def wanted(self, price, *, side):
        return price + side * int(self.noise.integers(3))

    def decide(self, view):
        self.view = view
        self.newest[:] = view.settlement_ticks(0)
        self.by_round[view.day, view.round] = self.prices.sum()
        self.limit(side=buy_or_sell(self), price_ticks=self.rule(int(self.prices[3])), lots=1)


def buy_or_sell(trader):
    from abm import Side

    return Side.BUY if len(trader.by_round) % 2 else Side.SELL


class Counter(MarketRule):
    """Keeps the market and what it has drawn."""

    def __init__(self):
        self.drawn = []

    def after_matching(self, market, batch, result):
        self.market = market
        self.drawn.append(float(market.rule_generator("counter").random()))

    def update_digest(self, digest):
        digest.update(repr(self.drawn).encode())


@pytest.mark.parametrize("way", BOTH)
def test_a_users_traders_and_rules_go_with_their_market(way, tmp_path):
    rule = Counter()
    market = small(custom_agents=[CustomAgents(Learner, 2)], rules=[rule])
    play(market, 4)
    twin = BOTH[way](market, tmp_path)
    assert_twins(market, twin)
    trader, (own,) = next(iter(twin.agents_by_type[Learner])), [r for r in twin.rules if type(r) is Counter]
    assert np.shares_memory(trader.newest, trader.prices)
    assert trader.rule.func.__self__ is trader
    assert own.market is twin
    assert rule.market is market
    assert hashes(twin, 6) == hashes(market, 6)


def test_a_fork_copies_functions_that_remember():
    market, (player, other), _ = quiet(**FEW_TRADERS)
    player.script = {(0, 2): buys(lambda view: view.settlement_ticks(0), 3)}
    other.script = {(0, 2): sells(lambda view: view.settlement_ticks(0), 3)}
    play(market, 2)
    fork = market.fork()
    assert hashes(fork, 2) == hashes(market, 2)
    twin = next(iter(fork.agents_by_type[Player]))
    assert twin.position_lots() == player.position_lots() == 3


OTHERS = (Section, MethodType, random.Random)


def parts_of_a_market(market):
    parts = {f"market.{name}": part for name, part in vars(market).items() if hasattr(part, "__dict__")}
    parts |= {f"population {group.name}": group for group in market.populations}
    return parts | {"trader": next(iter(market.agents))}


def test_a_field_added_to_any_part_is_carried_along_or_refused():
    market = small()
    parts = {id(part): (name, part) for name, part in parts_of_a_market(market).items()}
    parts = {key: (name, part) for key, (name, part) in parts.items() if not isinstance(part, OTHERS)}
    added = {}
    for name, part in parts.values():
        added[name] = [np.arange(3), {"key": name}]
        object.__setattr__(part, "added", added[name])
    assert len(added) > 20
    fork = market.fork()
    assert_twins(market, fork)
    theirs = parts_of_a_market(fork)
    for name, value in added.items():
        assert theirs[name].added[1] == {"key": name}
        assert theirs[name].added is not value
    for _, part in parts.values():
        object.__setattr__(part, "added", threading.Lock())
        with pytest.raises(CopyError, match=r"^market\..*added: _thread.lock cannot be copied"):
            market.fork()
        object.__setattr__(part, "added", None)


def test_a_field_added_to_a_generator_is_refused():
    market = small()
    market.random.added = 1
    with pytest.raises(CopyError, match=r"random: random.Random cannot be copied: it has attributes"):
        market.fork()


def test_a_refusal_says_where_the_thing_is_held(tmp_path):
    market = small(custom_agents=[CustomAgents(Learner)])
    with (tmp_path / "log").open("w") as log:
        next(iter(market.agents_by_type[Learner])).by_round["log"] = log
        with pytest.raises(CopyError, match=r"^market\..*\.by_round\['log'\]: _io.TextIOWrapper cannot be "):
            market.fork()


def test_a_market_is_not_copied_in_the_middle_of_a_round():
    class Curious(TraderAgent):
        def decide(self, view):
            self.model.fork()

    market = small(custom_agents=[CustomAgents(Curious)])
    with pytest.raises(CopyError, match="in the middle of a round: do it between two steps"):
        market.step()


def test_a_player_outside_may_fork_between_seeing_acting_and_settling(tmp_path):
    market = small()
    play(market, 3)
    market.observe()
    seen = [market.fork(), reloaded(market, tmp_path)]
    assert_twins(market, seen[0])
    batch = market.act()
    acted = [market.fork(), reloaded(market, tmp_path)]
    for twin in acted:
        twin.settle(twin._batch)
    market.settle(batch)
    play(seen[0], 1)
    play(seen[1], 1)
    assert {twin.state_hash() for twin in seen + acted} == {market.state_hash()}


def test_a_fork_of_a_fork_takes_no_more_memory_than_the_first():
    from abm.market.snapshot.walk import MarketWalk

    def taken(market):
        walk = MarketWalk(is_file=False)
        walk.take(market)
        return walk.memory.sizes()

    market = small()
    play(market, 3)
    assert taken(market) == taken(market.fork().fork().fork())


def test_fifty_forks_are_given_back():
    _forks_are_given_back(50)


@pytest.mark.verify
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory of Linux")
def test_a_thousand_forks_leak_nothing():
    _forks_are_given_back(1_000, most_mib=30.0)


def _forks_are_given_back(count, most_mib=None):
    market = small()
    play(market, 3)
    market.fork()
    gc.collect()
    born, sizes, known = [], [], None
    for k in range(count):
        fork = market.fork()
        if k % 10 == 0:
            fork.step()
        born.append(weakref.ref(fork))
        if most_mib and k % 50 == 0:
            sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20)
        if k == 9:
            del fork
            gc.collect()
            known = len(gc.get_objects())
    del fork
    gc.collect()
    assert sum(one() is not None for one in born) == 0
    assert len(gc.get_objects()) < known + 2 * count  # the weak references and lists of this test
    assert not most_mib or max(sizes) - sizes[2] < most_mib, sizes


def test_deepcopy_is_a_fork_and_knows_its_parts():
    market = small()
    market.step()
    twin, trader = copy.deepcopy([market, next(iter(market.agents))])
    assert twin.state_hash() == market.state_hash()
    assert trader is next(iter(twin.agents))


@pytest.mark.verify
@pytest.mark.filterwarnings("ignore::abm.spot.process.jumps.HeavyTailWarning")
@pytest.mark.parametrize("first", range(0, 200, 50))
def test_markets_of_random_scenarios_are_copied_and_saved_whole(first, tmp_path):
    from test_random_scenarios import accepted

    for seed in range(first, first + 50):
        scenario = accepted(tmp_path / "random.toml", seed, small=True).scenario
        market = TokenFuturesMarket(scenario, rng=seed, recorder=Recorder("full"))
        rounds = market.clock.calendar.rounds_per_day
        play(market, rounds + rounds // 2)
        for twin in (market.fork(), reloaded(market, tmp_path)):
            assert_twins(market, twin)
        assert hashes(twin, rounds) == hashes(market, rounds), seed

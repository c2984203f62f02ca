"""Many runs in one process: a market that nobody holds any more is given back."""

from __future__ import annotations

import gc
import sys
import weakref
from pathlib import Path

import mesa
import pytest

from abm import CustomAgents, Scenario, TokenFuturesMarket, TraderAgent, run
from abm.market import MarketRule
from abm.market.memory import StandingMarkets
from abm.recording import Recorder

run_module = sys.modules[run.__module__]
SHORT = Scenario().replace({"calendar.rounds_per_day": 2, "run.days": 1})
MIB = 2**20
linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory of Linux")


class Idle(TraderAgent):
    """Remembers its market and what it saw."""

    def decide(self, view):
        self.seen = view
        self.cancel_all()


class Watch(MarketRule):
    """Remembers the market."""

    def open_day(self, market):
        self.market = market


class Bystander(mesa.Agent):
    """A plain Mesa agent."""


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.fixture
def births(monkeypatch):
    """Weak references to every market that ``run`` builds."""
    born = []

    class Noted(TokenFuturesMarket):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            born.append(weakref.ref(self))

    monkeypatch.setattr(run_module, "TokenFuturesMarket", Noted)
    return born


def alive(born):
    return sum(one() is not None for one in born)


def test_a_run_leaves_no_market_behind_even_without_a_collection_of_garbage(births):
    gc.disable()
    try:
        results = [run(SHORT, seed=seed) for seed in range(2)]
        assert alive(births) == 0
    finally:
        gc.enable()
    assert len(births) >= 2
    assert len(results[0].tables["spot"]) == 1


def test_markets_stepped_by_hand_leave_nothing_behind():
    born = []
    for seed in range(4):
        market = TokenFuturesMarket(SHORT, rng=seed, custom_agents=[CustomAgents(Idle)], rules=[Watch()])
        Bystander(market)
        market.step()
        next(iter(market.agents)).remove()
        born.append(weakref.ref(market))
    del market
    gc.collect()
    assert alive(born) == 0


def test_a_trader_that_a_user_keeps_can_still_be_asked_after_the_run():
    kept = []

    class Keeper(Idle):
        def decide(self, view):
            kept[:] = [self]

    run(SHORT, seed=1, custom_agents=[CustomAgents(Keeper)])
    gc.collect()
    assert kept[0].position_lots() == 0
    assert kept[0].equity_usd > 0


@pytest.mark.verify
def test_markets_that_nobody_collects_do_not_pile_up():
    """The garbage collector's own rules would leave all of them standing: few objects, much memory."""
    gc.collect()
    born = [weakref.ref(TokenFuturesMarket(SHORT, rng=seed)) for seed in range(20)]
    assert alive(born) < 18


@pytest.mark.parametrize(("keeps", "looks"), [(True, range(2, 9)), (False, range(10, 30))])
def test_markets_that_a_user_keeps_are_not_looked_for_again_and_again(monkeypatch, keeps, looks):
    class Market:
        recorder, messages_sent = None, range(200)

    def look():
        seen.append(len(held))
        if not keeps:
            held.clear()

    held, seen, standing = [], [], StandingMarkets()
    monkeypatch.setattr(gc, "collect", look)
    for _ in range(300):
        held.append(Market())
        standing.admit(held[-1])
    assert len(seen) in looks


def test_forks_weigh_no_rows_that_their_original_has():
    market = TokenFuturesMarket(SHORT, rng=1, recorder=Recorder("full"))
    for _ in range(4):
        market.step()
    standing = StandingMarkets()
    standing.admit(market)
    whole = standing._bytes()
    fork = market.fork()
    standing.admit(fork, shares_tables=True)
    assert standing._bytes() == 2 * whole - market.recorder.nbytes
    fork.step()
    assert standing._bytes() == 2 * whole - 2 * market.recorder.nbytes + fork.recorder.nbytes


@linux
def test_six_runs_of_a_month_take_no_more_memory_than_the_second(births):
    scenario = Scenario().replace({"calendar.rounds_per_day": 2, "run.days": 21, "recording.profile": "full"})
    sizes = []
    for seed in range(6):
        more = {"custom_agents": [CustomAgents(Idle)], "rules": [Watch()]} if seed % 2 else {}
        run(scenario, seed=seed, **more)
        del more
        gc.collect()  # some markets with a user's own traders may stand uncollected: that is no leak
        sizes.append(resident_bytes())
    assert alive(births) == 0
    assert max(sizes) - sizes[1] < 16 * MIB


@pytest.mark.verify
@linux
def test_twenty_years_in_one_process_stay_within_30_mib_of_the_third():
    sizes = []
    for seed in range(20):
        run("plain", seed=seed)
        sizes.append(resident_bytes() / MIB)
    assert max(sizes) - sizes[2] <= 30.0, sizes


@pytest.mark.verify
@linux
@pytest.mark.parametrize("own", [False, True])
def test_two_hundred_short_runs_are_flat(own, births):
    sizes = []
    for seed in range(200):
        more = {"custom_agents": [CustomAgents(Idle)], "rules": [Watch()]} if own else {}
        run(SHORT, seed=seed, **more)
        sizes.append(resident_bytes() / MIB)
    del more
    gc.collect()
    assert alive(births) == 0
    assert max(sizes[20:]) - sizes[20] <= 30.0, sizes


def test_the_rows_of_a_run_go_with_its_result_even_without_a_collection_of_garbage(monkeypatch):
    born = []

    class Noted(Recorder):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            born.append(weakref.ref(self))

    monkeypatch.setattr(run_module, "Recorder", Noted)
    gc.disable()
    try:
        for profile in ("daily", "full"):
            result = run(SHORT.replace({"recording.profile": profile}), seed=1)
            assert len(result.tables["trades"]) > 0
            del result
        assert (len(born), alive(born)) == (2, 0)
    finally:
        gc.enable()

"""Same seed, same world: across processes, engines and added bystanders (invariants 35, 36, 37)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from test_rule_scenarios import STUDIES, coarse

from abm.agents.base.population import TraderAgent
from abm.core.orders import CancelCause
from abm.market import CustomAgents, TokenFuturesMarket, run

SCRIPT = """
import json, sys
sys.path[:0] = [{folder!r}]
from abm import Scenario, run
from test_rule_scenarios import STUDIES, coarse
short = Scenario.load("plain").replace({{"run.days": 24, "calendar.rounds_per_day": 12}})
studies = {{name: run(coarse(name, 2), seed=6).state_hash for name in STUDIES}}
print(json.dumps({{"short": run(short, seed=5).state_hash, **studies}}))
"""


class Bystander(TraderAgent):
    """Never acts."""

    def decide(self, view):
        return None


def test_the_state_hash_is_equal_in_two_processes_also_under_every_studied_rule(short_run):
    script = SCRIPT.format(folder=str(Path(__file__).parent))
    env = {**os.environ, "PYTHONHASHSEED": "17"}
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env
    )
    here = {name: run(coarse(name, 2), seed=6).state_hash for name in STUDIES}
    assert len(set(here.values())) == len(STUDIES)
    assert json.loads(other.stdout) == {"short": short_run(5).state_hash, **here}


def test_another_seed_is_another_world(short_run):
    assert short_run(5).state_hash != short_run(4).state_hash


def test_the_reference_book_gives_the_same_trades_and_money_as_the_compiled_one(short):
    few = short.replace({"run.days": 22, "calendar.rounds_per_day": 6, "agents.noise.count": 20})
    compiled = run(few, seed=3)
    reference = run(few.replace({"exchange.engine": "reference"}), seed=3)
    assert compiled.tables["trades"].equals(reference.tables["trades"])
    assert compiled.tables["accounts"].equals(reference.tables["accounts"])
    assert compiled.state_hash == reference.state_hash


def test_a_trader_that_never_acts_changes_nobodys_path(short, short_run):
    alone = short_run(4)
    watched = run(short, seed=4, custom_agents=[CustomAgents(Bystander, count=3)])
    assert alone.tables["trades"].equals(watched.tables["trades"])
    assert alone.tables["quotes"].equals(watched.tables["quotes"])
    accounts = watched.tables["accounts"]
    theirs = accounts["account"] >= accounts["account"].max() - 2
    assert (accounts.loc[theirs, "gross_lots"] == 0).all()


def test_an_idle_member_of_a_built_in_class_changes_nobodys_path(short):
    """One noise trader is silenced from the start: all draws of the others stay as they were."""
    plain, silenced = TokenFuturesMarket(short, rng=2), TokenFuturesMarket(short, rng=2)
    for market in (plain, silenced):
        noise = next(p for p in market.populations if p.name == "noise")
        noise.columns["actions_per_day"][-1] = 0.0
        noise.columns["cancels_per_day"][-1] = 0.0
    noise.streams[-1] += 12345  # what the idle one would have drawn does not matter either
    for _ in range(5 * 12):
        plain.step()
        silenced.step()
    assert (plain.clearing.position_lots == silenced.clearing.position_lots).all()
    assert plain.trades_made == silenced.trades_made > 0


def test_recording_less_changes_nothing(short):
    hashes = {
        run(short.replace({"recording.profile": profile, "run.days": 4}), seed=1).state_hash
        for profile in ("summary", "daily", "full")
    }
    assert len(hashes) == 1


def test_the_state_hash_sees_books_money_positions_and_agents(short):
    market = TokenFuturesMarket(short, rng=8)
    for _ in range(15):
        market.step()
    seen = {market.state_hash()}
    assert market.state_hash() in seen  # looking changes nothing
    market.populations[0].streams[0] += 1
    seen.add(market.state_hash())
    maker = next(p for p in market.populations if p.is_market_maker)
    market.clearing.pay(maker.first_account, 1)
    seen.add(market.state_hash())
    market.exchange.cancel_account(maker.first_account, CancelCause.SUSPENSION)
    seen.add(market.state_hash())
    assert len(seen) == 4

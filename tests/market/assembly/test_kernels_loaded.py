"""Setting a run up loads every kernel that it uses: the clock of the market never runs for the compiler."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc, json, sys
sys.path[:0] = [{folder!r}]
from multiprocessing import get_context
from numba.core.dispatcher import Dispatcher
from abm.market.assembly.kernel_choices import optional_choices
from abm.market.run import load_kernels, run
from abm.scenario import Scenario
import test_rule_scenarios as rules
from test_default_cascade import CRISIS, EXPLOSION

def loaded():
    kernels = [found for found in gc.get_objects() if isinstance(found, Dispatcher)]
    ours = [kernel for kernel in kernels if kernel.__module__.startswith("abm.")]
    return {{f"{{kernel.__module__}}.{{kernel.__name__}}": len(kernel.overloads) for kernel in ours}}

def before_and_later(case):
    if case == "venue":
        load_kernels()
        load_kernels(optional_choices(rules.coarse(EXPLOSION, 2, **rules.FULL_VENUE)))
        before = loaded()
        run(Scenario().replace({{"run.days": 23, "calendar.rounds_per_day": 12}}))
        run(Scenario.load(EXPLOSION).replace({{"run.days": 30, **CRISIS}}), seed=2)
        for matching in ("fifo", "pro_rata"):
            venue = rules.coarse(EXPLOSION, 2, **rules.FULL_VENUE, **{{"exchange.matching": matching}})
            rules.played(venue, "compiled", 2)
    else:
        scenario = Scenario().replace({{
            "run.days": 3, "calendar.rounds_per_day": 12, "exchange.spreads.lengths": [1, 2],
            "agents.arbitrageurs.count": 2, "agents.informed.count": 2, "agents.mixture.count": 2,
            "agents.switching.count": 2,
            "agents.chartists.limits.margin_to_equity": 0.1, "agents.chartists.limits.shrink_above": 1.0,
            "agents.order_flow.tenors": [1],
            "agents.informed.rule": case,
        }})
        load_kernels(optional_choices(scenario))
        before = loaded()
        run(scenario)
    after = loaded()
    return before, {{name: count for name, count in after.items() if count != before.get(name)}}

# Each case in a process of its own, which has loaded nothing yet; the imports are made once.
cases = ["venue", "take", "auction"]
with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    print(json.dumps(dict(zip(cases, pool.map(before_and_later, cases, chunksize=1)))))
"""


@pytest.fixture(scope="module")
def before_and_later():
    script = SCRIPT.format(folder=str(Path(__file__).parents[1]))
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def test_nothing_is_compiled_or_loaded_after_the_set_up(before_and_later):
    before, later = before_and_later["venue"]
    assert {
        "abm.exchange.compiled.matching.match_batch",
        "abm.market.day.curve.refresh_months",
    } <= before.keys()
    assert sum(before.values()) > 15
    assert later == {}


@pytest.mark.parametrize("rule", ["take", "auction"])
def test_setting_up_loads_the_kernels_of_the_classes_that_the_scenario_adds(rule, before_and_later):
    before, later = before_and_later[rule]
    assert sum(before.values()) > 15
    assert later == {}

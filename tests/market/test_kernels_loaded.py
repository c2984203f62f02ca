"""Setting a run up loads every kernel that it uses: the clock of the market never runs for the compiler."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import gc, json, sys
sys.path[:0] = [{folder!r}]
from numba.core.dispatcher import Dispatcher
from abm.market.assembly.kernel_choices import optional_choices
from abm.market.run import load_kernels, run
from abm.scenario import Scenario

def loaded():
    kernels = [found for found in gc.get_objects() if isinstance(found, Dispatcher)]
    ours = [kernel for kernel in kernels if kernel.__module__.startswith("abm.")]
    return {{f"{{kernel.__module__}}.{{kernel.__name__}}": len(kernel.overloads) for kernel in ours}}

import test_rule_scenarios as rules
from test_default_cascade import CRISIS
load_kernels()
load_kernels(optional_choices(rules.coarse("demand_explosion", 2, **rules.FULL_VENUE)))
before = loaded()
run(Scenario().replace({{"run.days": 23, "calendar.rounds_per_day": 12}}))
run(Scenario.load("demand_explosion").replace({{"run.days": 30, **CRISIS}}), seed=2)
for matching in ("fifo", "pro_rata"):
    venue = rules.coarse("demand_explosion", 2, **rules.FULL_VENUE, **{{"exchange.matching": matching}})
    rules.played(venue, "compiled", 2)
after = loaded()
print(json.dumps([before, {{name: count for name, count in after.items() if count != before.get(name)}}]))
"""


def test_nothing_is_compiled_or_loaded_after_the_set_up():
    script = SCRIPT.format(folder=str(Path(__file__).parent))
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    before, later = json.loads(result.stdout)
    assert {
        "abm.exchange.compiled.matching.match_batch",
        "abm.market.day.curve.refresh_months",
    } <= before.keys()
    assert sum(before.values()) > 15
    assert later == {}

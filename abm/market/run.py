"""Runs a scenario from the first day to the last and keeps what it recorded."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.agents.base.population import TraderAgent
from abm.agents.base.view import MarketView
from abm.core.arguments import seed_number
from abm.core.orders import RejectReason
from abm.market.assembly.custom_build import CustomAgents, CustomTraders, checked_traders
from abm.market.assembly.foundations import require_feasible
from abm.market.assembly.kernel_choices import optional_choices
from abm.market.checkpoints import Checkpoints, Stopwatch, checkpoints_of, identity_of
from abm.market.memory import take_apart
from abm.market.model import TokenFuturesMarket
from abm.market.venue.rules import MarketRule, checked_rules
from abm.recording import Recorder, check_place
from abm.recording.metrics import market_metrics
from abm.scenario import Scenario
from abm.spot.index.index_measures import composition_noise

Progress = Callable[[int, int, int, int], None]
"""Called once a day with the day, the days of the run, and trades and messages so far.

Days of a warm-up are negative; its trades and messages are not counted on.
"""

_LIBRARIES = ("mesa", "numpy", "numba", "pandas", "scipy")


class RunTables(Mapping[str, pd.DataFrame]):
    """The tables of a run still in memory, turned into frames when asked for."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._recorder.table_names:
            raise KeyError(
                f"{name}: profile {self._recorder.profile!r} keeps {', '.join(self._recorder.table_names)}"
            )
        if name not in self._frames:
            self._frames[name] = self._recorder.table(name)
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._recorder.table_names)

    def __len__(self) -> int:
        return len(self._recorder.table_names)


@dataclass(frozen=True)
class RunResult:
    """What a run leaves.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        The recorded tables.
    manifest : dict
        Seed, versions, state hash, counts, metrics, CPU seconds by phase.
    state_hash : str
        SHA-256 over books, ledger, positions and agents at the end.
    folder : Path or None
        The run folder, if one was written.
    """

    tables: Mapping[str, pd.DataFrame]
    manifest: dict[str, Any]
    state_hash: str
    folder: Path | None


def run(
    scenario: Scenario | str = "baseline",
    seed: int | None = None,
    *,
    out: Path | str | None = None,
    custom_agents: Sequence[CustomTraders] = (),
    rules: tuple[MarketRule, ...] | list[MarketRule] = (),
    progress: Progress | None = None,
    population_seed: int | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
) -> RunResult:
    """Run a scenario and return its tables, manifest and state hash.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, the name of a packaged one, or the path of a TOML file.
    seed : int, optional
        Seed of the run; the scenario's ``run.seed`` by default.
    out : path, optional
        Run folder to write; nothing is written by default.
    custom_agents : sequence of CustomAgents or PopulationSpec
        A user's own traders.
    rules : sequence of MarketRule
        A user's own rules of the venue.
    progress : callable, optional
        Called at the end of each day, see ``Progress``.
    population_seed : int, optional
        Seed of who is there (needs, providers, cash, parameters), to have the same firms on other price
        paths; the scenario's ``run.population_seed`` by default, and without one the run's seed.
    checkpoint_every : int, optional
        Trading days after which the market is saved beside the run folder, as ``NAME.checkpoint``, over the
        checkpoint before; it is removed when the run has ended. None by default.
    resume : bool
        Go on from that checkpoint, with the traders and rules in it; without one, begin. A resumed run leaves
        the same tables and the same state hash as one that was never stopped.

    Raises
    ------
    RunFolderError
        If the run folder cannot be written; where that can be known, before the run.
    SnapshotError
        If the checkpoint to resume is damaged, of another scenario, seed or version of the program; or, not
        resuming, if a run that has not ended left one.
    """
    stopwatch = Stopwatch()
    place = None if out is None else check_place(out)
    resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    seed = None if seed is None else seed_number("seed", seed)
    custom_agents, rules = checked_traders(custom_agents), checked_rules(rules)
    require_feasible(resolved, seed)  # before anything is compiled
    identity = identity_of(resolved, seed, population_seed, custom_agents, rules)
    checkpoints = checkpoints_of(place, checkpoint_every, identity, resume=resume)
    load_kernels(optional_choices(resolved))
    market = checkpoints.resumed(stopwatch) if resume else None
    if market is None:
        market = TokenFuturesMarket(
            resolved,
            rng=seed,
            custom_agents=custom_agents,
            rules=rules,
            recorder=Recorder(resolved.recording.profile, margin_models=resolved.recording.margin_models),
            population_seed=population_seed,
        )
    recorder = market.recorder
    assert recorder is not None, "a run records"
    stopwatch.end_set_up()
    _trade(market, progress, checkpoints, stopwatch)
    traded = stopwatch.total()
    market.tables.record_agents()
    recorder.end_run()
    tables = RunTables(recorder)
    metrics = market_metrics(tables, market.contract, market.clock.calendar.of_record)
    cpu_seconds = stopwatch.by_phase(market.timer.cpu_seconds, traded)
    manifest = _manifest(market, started=stopwatch.started, cpu_seconds=cpu_seconds)
    manifest["metrics"] = metrics
    if not custom_agents and not rules:  # a user's own may hold the market, and ask it after the run
        take_apart(market)
    folder = None if place is None else _written(recorder, place, manifest, resolved)
    checkpoints.remove()
    return RunResult(tables, manifest, manifest["state_hash"], folder)


def _trade(
    market: TokenFuturesMarket,
    progress: Progress | None,
    checkpoints: Checkpoints,
    stopwatch: Stopwatch,
) -> None:
    """Step through all days of the scenario that are left, those of a warm-up first."""
    days, rounds = market.market_scenario.run.days, market.clock.calendar.rounds_per_day
    for day in range(market.clock.day, days):
        for _ in range(rounds):
            market.step()
        if progress is not None:
            progress(day, days, market.trades_made, int(market.messages_sent.sum()))
        checkpoints.keep_if_due(market, stopwatch)


def _written(recorder: Recorder, place: Path, manifest: dict[str, Any], scenario: Scenario) -> Path:
    """Write the run folder; the manifest, which is written last, says how long the tables took."""
    began = time.process_time()

    def note_time_of_writing() -> None:
        manifest["cpu_seconds"]["write"] = time.process_time() - began

    text = scenario.to_toml()
    return recorder.write(place, manifest=manifest, scenario_toml=text, when_written=note_time_of_writing)


@cache
def load_kernels(choices: tuple[tuple[str, Any], ...] = ()) -> None:
    """Load the compiled kernels, or compile them, by trading two coarse days once per process.

    The time belongs to setting up: left to the first rounds it would pass for the speed of the market. The
    second day steps the spot price; the bystander draws the arrival time of a custom agent.

    Parameters
    ----------
    choices : tuple of (str, object)
        What the run has besides the baseline, as scenario fields; see ``optional_choices``.
    """
    coarse = {"calendar.rounds_per_day": 2, "exchange.sessions.opening_auction": 0.5}
    scenario = Scenario().replace(coarse | dict(choices))
    market = TokenFuturesMarket(scenario, rng=0, custom_agents=[CustomAgents(_Bystander)])
    for _ in range(4):
        market.step()
    take_apart(market)


class _Bystander(TraderAgent):
    """Sends messages that ask for nothing."""

    def decide(self, view: MarketView) -> None:
        self.cancel_all()


def _manifest(market: TokenFuturesMarket, *, started: float, cpu_seconds: dict[str, float]) -> dict[str, Any]:
    refused, calendar = market.refusals.sum(axis=0), market.clock.calendar
    resolved, recorded = market.market_scenario, slice(calendar.warm_up_days, None)
    return {
        "seed": market.seed_used,
        "population_seed": market.population_seed_used,
        "scenario_name": resolved.name,
        "scenario_sha256": resolved.sha256(),
        "state_hash": market.state_hash(),
        "versions": {"sitsim": version("sitsim"), "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        "git": _git_commit(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "counts": {
            "messages": int(market.messages_sent.sum()),
            "trades": market.trades_made,
            "agents": len(market.messages_sent),
            "margin_calls": market.margin_calls_made,
            "rejected": {reason.name: int(refused[reason]) for reason in RejectReason if refused[reason] > 0},
            **({"warm_up_defaults": market.state.warm_up_defaults} if calendar.warm_up_days else {}),
        },
        "cpu_seconds": cpu_seconds,
        "contract": asdict(market.contract),
        "calendar": {name: days for name, days in asdict(calendar).items() if name != "warm_up_days"},
        "warm_up_days": calendar.warm_up_days,
        "ledger_accounts": market.clearing.chart.names(),
        "composition_noise": {
            name: float(value)
            for name, value in composition_noise(
                np.subtract(market.desk.volume_weighted_usd, market.desk.dislocations_usd)[recorded],
                np.subtract(market.desk.matched_usd, market.desk.dislocations_usd)[recorded],
                days_per_year=calendar.days_per_year,
            )
            ._asdict()
            .items()
            if name != "log_changes"
        },
        "list_prices": {
            "initial_price_usd": market.list_prices.initial_price_usd,
            "trend_per_year": market.list_prices.trend_per_year,
            "trend_standard_error": market.list_prices.trend_standard_error,
            "providers": list(market.list_prices.provider_names),
        },
    }


def _git_commit() -> str | None:
    """Return the commit of the source tree the package runs from, ``None`` outside a checkout."""
    here = Path(__file__).resolve().parents[1]
    if not (here.parent / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "-C", os.fspath(here), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()

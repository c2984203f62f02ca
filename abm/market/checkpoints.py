"""Checkpoints of a run: its market in a file beside the run folder, from which a stopped run goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError, SnapshotError
from abm.market.assembly.build import population_seed_of
from abm.market.assembly.custom_build import CustomAgents, CustomTraders
from abm.market.model import TokenFuturesMarket
from abm.market.snapshot.file import SnapshotFile
from abm.market.snapshot.fork import load_market, save_market
from abm.market.venue.rules import MarketRule
from abm.recording.drafts import checkpoint_path, shown
from abm.scenario import Scenario


@dataclass(frozen=True)
class RunIdentity:
    """What makes two runs the same: a checkpoint goes on with the run it is of, and with no other.

    Attributes
    ----------
    scenario_sha256 : str
        Of the resolved scenario.
    seed, population_seed : int
        As used.
    own : tuple of str
        A user's own traders and rules.
    """

    scenario_sha256: str
    seed: int
    population_seed: int
    own: tuple[str, ...] = ()

    def difference(self, facts: Mapping[str, Any]) -> str | None:
        """Return in what a checkpoint's run is another one, or None."""
        if facts.get("scenario_sha256") != self.scenario_sha256:
            return f"of another scenario, or of other values of its fields ({facts.get('scenario_name')})"
        for name in ("seed", "population_seed"):
            if facts.get(name) != getattr(self, name):
                return f"of {name} {facts.get(name)}, not {getattr(self, name)}"
        if tuple(facts.get("own", ())) != self.own:
            return f"with other traders or rules of the user's own: {', '.join(facts['own']) or 'none'}"
        return None


def identity_of(
    scenario: Scenario,
    seed: int | None,
    population_seed: int | None,
    traders: Sequence[CustomTraders],
    rules: Sequence[MarketRule],
) -> RunIdentity:
    """Return the identity of a run with these arguments."""
    used = scenario.run.seed if seed is None else seed
    own = []
    for each in traders:
        what = each.agent_class.__qualname__ if isinstance(each, CustomAgents) else each.name
        own.append(f"{each.count} {what} with {each.cash_usd} and {each.credit_usd} USD")
    own += [f"rule {type(rule).__qualname__}" for rule in rules]
    return RunIdentity(
        scenario.sha256(), used, population_seed_of(scenario, population_seed, used), tuple(own)
    )


class Stopwatch:
    """Time that a run takes, over all the processes that work on it.

    Attributes
    ----------
    started : float
        When the run began, seconds of the epoch.
    set_up, checkpoints : float
        CPU seconds spent on setting up and on writing checkpoints.
    """

    def __init__(self) -> None:
        self.started = time.time()
        self.set_up = self.checkpoints = 0.0
        self._own_start = self._start = time.process_time()

    def total(self) -> float:
        """Return all CPU seconds so far."""
        return time.process_time() - self._start

    def end_set_up(self) -> None:
        """Take down that this process trades from now on."""
        self.set_up += time.process_time() - self._own_start

    def facts(self) -> dict[str, float]:
        """Return what a process that goes on with the run has to know."""
        return {
            "started": self.started,
            "set_up": self.set_up,
            "checkpoints": self.checkpoints,
            "total": self.total(),
        }

    def go_on(self, facts: Mapping[str, float]) -> None:
        """Add what earlier processes have spent."""
        self.started = facts["started"]
        self.set_up += facts["set_up"]
        self.checkpoints += facts["checkpoints"]
        self._start -= facts["total"]

    def by_phase(self, phases: Mapping[str, float], traded: float) -> dict[str, float]:
        """Return CPU seconds by phase, none of which lies inside another.

        Parameters
        ----------
        phases : mapping of str to float
            As the market's timer gives them.
        traded : float
            ``total()`` when trading had ended.
        """
        known = self.set_up + self.checkpoints + sum(phases.values())
        writing = {"checkpoints": self.checkpoints} if self.checkpoints else {}
        other, finish = max(traded - known, 0.0), self.total() - traded
        return {"set_up": self.set_up, **phases, **writing, "other": other, "finish": finish}


@dataclass
class Checkpoints:
    """The checkpoint of one run.

    Parameters
    ----------
    path : Path or None
        Its file; None where there can be none.
    identity : RunIdentity
        Of the run.
    every_days : int
        Trading days from one to the next; 0 for none.
    """

    path: Path | None
    identity: RunIdentity
    every_days: int

    def resumed(self, stopwatch: Stopwatch) -> TokenFuturesMarket | None:
        """Return the market of the last checkpoint, or None if there is none.

        Raises
        ------
        SnapshotError
            If it is damaged, of another program or of another run.
        """
        if self.path is None or not self.path.exists():
            return None
        file = SnapshotFile(self.path)
        difference = self.identity.difference(file.facts)
        if difference is not None:
            raise SnapshotError(f"{shown(self.path)}: a checkpoint {difference}: remove it to begin anew")
        market: TokenFuturesMarket = load_market(file, TokenFuturesMarket)
        stopwatch.go_on(file.facts["time"])
        return market

    def require_none(self) -> None:
        """Refuse to begin a run anew, and write over what another one that has not ended could go on from."""
        if self.every_days and self.path is not None and self.path.exists():
            raise SnapshotError(
                f"{shown(self.path)}: a run that has not ended left this checkpoint: resume it, or remove it"
            )

    def keep_if_due(self, market: TokenFuturesMarket, stopwatch: Stopwatch) -> None:
        """Write a checkpoint between two days, if it is due, over the one before."""
        day, days = market.clock.day, market.market_scenario.run.days
        if self.path is None or not self.every_days or day % self.every_days or day >= days:
            return
        began = time.process_time()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"scenario_name": market.market_scenario.name, **asdict(self.identity), "day": day}
        save_market(market, self.path, facts | {"time": stopwatch.facts()})
        stopwatch.checkpoints += time.process_time() - began

    def remove(self) -> None:
        """Clear the checkpoint away: the run has ended."""
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def checkpoints_of(
    run_folder: Path | None, every_days: int | None, identity: RunIdentity, *, resume: bool
) -> Checkpoints:
    """Return the checkpoints of a run.

    Raises
    ------
    ParameterError
        If they are asked for where no run folder is written, or the days are no whole number from 1 on.
    SnapshotError
        If a run that has not ended left one and is not resumed.
    """
    every = 0 if every_days is None else whole_number("checkpoint_every", every_days, least=1)
    if not (every or resume):  # then one that stands there is another run's
        return Checkpoints(None, identity, 0)
    if run_folder is None:
        argument = "checkpoint_every" if every else "resume"
        raise ParameterError(f"{argument}: checkpoints stand beside the run folder: say out, too")
    checkpoints = Checkpoints(checkpoint_path(run_folder), identity, every)
    if not resume:
        checkpoints.require_none()
    return checkpoints

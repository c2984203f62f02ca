"""A market run seen from the laboratory: price path, bills of the company, and its hedge replayed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.errors import RunFolderError
from abm.core.money import USD_MICRO
from abm.hedging import (
    Consumption,
    FixedShift,
    Frictions,
    FuturesHedge,
    HedgeStudy,
    Listing,
    PricePaths,
    ProviderBasis,
    observed_paths,
)
from abm.hedging.from_scenario import days_left_of_ramp, scenario_frictions
from abm.hedging.measures import volatility_reduction_within
from abm.hedging.paths import with_foreseen_level
from abm.market.assembly.foundations import build_calendar, lay_foundations
from abm.recording import RunFolder, read_run
from abm.scenario import Scenario
from abm.scenario.price_model import fixed_shifts
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

IDEAL, MARKET = "ideal hedge", "the market"
EXECUTION_STEP = "+ execution and spread"


class Step(NamedTuple):
    """One replay: its name, that of what it adds to the one before, and what is on."""

    name: str
    adds: str
    hedge: FuturesHedge
    frictions: Frictions


@dataclass(frozen=True)
class ObservedRun:
    """One run of the market, as far as the company and its laboratory need it.

    Attributes
    ----------
    paths : PricePaths
        The fixings that contracts settle on and that every curve of the market is made from: one path.
    used : Consumption
        What the company needed and paid in each month, shape (months, 1).
    budget_usd : array of float, shape (months, 1)
        The expected need at the model curve of day 0.
    hedged_usd : array of float, shape (months, 1)
        Its hedged bills in the market, gains at traded prices.
    peak_cash_usd : float
        Largest need of cash there: variation paid plus initial margin at marks, at the closes.
    given_up : bool
        Whether its treasury gave the hedge up, or its account failed.
    """

    paths: PricePaths
    used: Consumption
    budget_usd: FloatArray
    hedged_usd: FloatArray
    peak_cash_usd: float
    given_up: bool


class Outcome(NamedTuple):
    """What one hedge came to in every run; arrays of shape (runs,), bills of shape (months, runs)."""

    hedged_usd: FloatArray
    volatility_reduction_within: FloatArray
    peak_cash_usd: FloatArray
    given_up: NDArray[np.bool_]


def replay_steps(scenario: Scenario, study: HedgeStudy, hedge: FuturesHedge, listing: Listing) -> list[Step]:
    """Return the replays in order, each with one friction more.

    Fees and the margin rate are those of the scenario, all else is the study's; of the days of building up
    only those that are left after a warm-up. When money runs out, the
    hedge ends, as an account in default does. What the study says of spreads does not count.

    Parameters
    ----------
    scenario : Scenario
        The market.
    study : HedgeStudy
        The company.
    hedge : FuturesHedge
        Its programme.
    listing : Listing
        Months as in the market.
    """
    own = study.frictions
    whole = replace(
        scenario_frictions(scenario),
        initial_margin_rate=average_margin_rate(scenario, study, hedge, listing),
        funding_rate=own.funding_rate,
        cash_usd=own.cash_usd,
        credit_usd=own.credit_usd,
        abandonment=own.abandonment,
        whole_lots=True,
        ramp_days=days_left_of_ramp(own.ramp_days, scenario.warm_up_days),
    )
    money = ("cash_usd", "abandonment")
    built = whole.without("fee_usd_per_lot", "funding_rate", *money)
    return [
        Step(IDEAL, "", replace(hedge, band_share=0.0), built.without("whole_lots", "ramp_days")),
        Step("built up, whole lots, band", "+ building up, whole lots, band", hedge, built),
        Step("with fees", "+ fees", hedge, whole.without("funding_rate", *money)),
        Step("with cost of funds", "+ cost of funds", hedge, whole.without(*money)),
        Step("with cash, credit and treasury", "+ cash, credit and treasury", hedge, whole),
    ]


def average_margin_rate(
    scenario: Scenario, study: HedgeStudy, hedge: FuturesHedge, listing: Listing
) -> float:
    """Return the one margin rate that costs the finished programme what the market's rates by tenor do.

    The mean of the flat model's near and far rates over all that the programme holds from month to month, at
    equal prices, with the client's add-on. Other models move with the market: the near rate stands for them.
    """
    margin = scenario.clearing.margin
    needs = np.concatenate([[0.0], study.demand.by_month(study.listing), np.zeros(listing.listed_months)])
    tenors = np.arange(listing.listed_months)
    programme = hedge.terms(listing, study.process.kappa)
    held = np.zeros(listing.listed_months)
    for front in range(listing.horizon_months):
        held += np.abs(programme.target_lots(needs[None, front + tenors], 0)[0])
    rates = np.where(tenors < margin.far_from_tenor, margin.rate, margin.far_rate)
    if margin.model != "flat" or margin.registered or not held.any():
        rates, held = np.array([margin.rate]), np.ones(1)
    return min(1.0, float(rates @ held / held.sum()) * margin.client_ratio)


@dataclass(frozen=True)
class Replay:
    """All runs side by side, and the laboratory that they are replayed in.

    Parameters
    ----------
    runs : sequence of ObservedRun
        One a seed.
    scenario : Scenario
        Their market.
    study : HedgeStudy
        The company.
    process : SpotProcess
        The market's.
    listing : Listing
        Days and months from the first day of a run on.
    """

    runs: Sequence[ObservedRun]
    scenario: Scenario
    study: HedgeStudy
    process: SpotProcess
    listing: Listing

    @cached_property
    def used(self) -> Consumption:
        """Needs and bills, shape (months, runs)."""
        return Consumption(
            np.hstack([run.used.need_msit for run in self.runs]),
            np.hstack([run.used.bill_usd for run in self.runs]),
        )

    @cached_property
    def budget_usd(self) -> FloatArray:
        """Budgets, shape (months, runs)."""
        return np.hstack([run.budget_usd for run in self.runs])

    def market(self) -> Outcome:
        """Return what the hedges came to in the market."""
        hedged = np.hstack([run.hedged_usd for run in self.runs])
        return self._outcome(
            hedged,
            np.array([run.peak_cash_usd for run in self.runs]),
            np.array([run.given_up for run in self.runs]),
        )

    def laboratory(self, step: Step) -> Outcome:
        """Return what they would have come to at model prices with the frictions of a step."""
        own = HedgeStudy(
            process=self.process,
            programmes=(replace(step.hedge, name="hedge"),),
            need=self.study.demand,
            basis=ProviderBasis(multiple=self.study.basis.multiple),
            listing=self.listing,
            shifts=_foreseen_shift(self.scenario),
            frictions=step.frictions,
            mark_every_days=1,
        )
        mine = own.run(_side_by_side([run.paths for run in self.runs]), self.used)["hedge"]
        return self._outcome(mine.bill_usd, mine.peak_usd["margin_at_marks"], mine.given_up_day >= 0)

    def _outcome(self, hedged: FloatArray, peak: FloatArray, given_up: NDArray[np.bool_]) -> Outcome:
        within = volatility_reduction_within(hedged, self.used.bill_usd, self.budget_usd)
        return Outcome(hedged, within, peak, given_up)


def _side_by_side(paths: Sequence[PricePaths]) -> PricePaths:
    """Return single paths as one bundle."""

    def joined(name: str) -> Any:
        parts = [getattr(path, name) for path in paths]
        return None if parts[0] is None else np.hstack(parts)

    return replace(
        paths[0],
        x=joined("x"),
        xi=joined("xi"),
        regime=joined("regime"),
        log_shift=joined("log_shift"),
        spot_usd=joined("spot_usd"),
    )


def observe_run(
    folder: Path, scenario: Scenario, process: SpotProcess, listing: Listing, name: str
) -> ObservedRun:
    """Return a finished run as the laboratory needs it.

    Long-run factor, regime and level shifts are in no table, but the market takes them as known: the spot
    price is drawn again from the seed, which nobody who trades moves, and checked against the run.

    Parameters
    ----------
    folder : Path
        Run folder.
    scenario : Scenario
        Its scenario, the company and the seed included.
    process : SpotProcess
        Its spot process.
    listing : Listing
        Days and months of the replay.
    name : str
        Of the company.

    Raises
    ------
    RunFolderError
        If the folder is damaged, or its prices are not those that this version draws.
    """
    run = read_run(folder)
    fixings = run.tables["spot"]["index_fixing_usd_micro"].to_numpy(dtype=np.float64) / USD_MICRO
    hedging = run.tables["hedging"]
    rows = hedging[hedging["name"] == name].sort_values("month")
    months = rows[rows["month"].between(1, listing.horizon_months)]
    account = int(rows["account"].iloc[0])
    defaults = run.tables["defaults"]
    failed = (defaults["account"] == account) & (defaults["event"] == "client_default")
    return ObservedRun(
        paths=_path(scenario, process, listing, fixings, folder),
        used=Consumption(_column(months, "need_msit"), _column(months, "bill_usd")),
        budget_usd=_column(months, "budget_usd"),
        hedged_usd=_hedged_bills(rows, listing),
        peak_cash_usd=_peak_cash(run, account),
        given_up=bool(failed.any() or rows["abandoned_days"].any()),
    )


def _path(
    scenario: Scenario, process: SpotProcess, listing: Listing, fixings_usd: FloatArray, folder: Path
) -> PricePaths:
    """Return the run's fixings as a path of the process."""
    days = listing.last_day + 1
    desk = lay_foundations(scenario, scenario.run.seed).desk
    shift, xi, regime = np.zeros((days, 1)), np.zeros((days, 1)), np.zeros((days, 1), dtype=np.int8)
    first = desk.calendar.first_trading_day
    for day in range(first, days):
        if day > first:
            desk.advance_to(day)
        if day >= 0:
            shift[day], xi[day], regime[day] = desk.log_shift(day), desk.state.xi, desk.state.regime
    drawn = np.array([fixing.usd_micro for fixing in desk.fixings[-days:]]) / USD_MICRO
    if not np.array_equal(drawn, fixings_usd[:days]):
        raise RunFolderError(
            f"{folder}: its fixings are not those that this version of the simulator draws: take another "
            "folder for out"
        )
    prices = fixings_usd[:days, None]
    foreseen = _foreseen_shift(scenario)
    has_long_run, switches = process.long_run is not None, isinstance(process, RegimeSwitchingJumpDiffusion)
    unforeseen = shift if foreseen is None else np.zeros_like(shift)
    paths = observed_paths(
        with_foreseen_level(process, foreseen),
        listing,
        prices * np.exp(-unforeseen),  # the deviation without shifts that the curve did not foresee
        shift=foreseen,
        xi=xi if has_long_run else None,
        regime=regime if switches else None,
    )
    return replace(paths, spot_usd=prices, log_shift=unforeseen)


def _foreseen_shift(scenario: Scenario) -> FixedShift | None:
    """Return the shift that the curve knows from day 0; what it does not know is in the path."""
    if not scenario.spot.level_shift.foreseen:
        return None
    (shift,) = fixed_shifts(scenario.spot, build_calendar(scenario))
    return FixedShift(shift, foreseen=True)


def _hedged_bills(rows: pd.DataFrame, listing: Listing) -> FloatArray:
    """Return the hedged bills of the study's months; what was paid in month 0 counts with month 1.

    To the net cost comes what own money in the hedge could have earned, which the laboratory counts as the
    cost of funds.
    """
    last = listing.horizon_months
    costs = _column(rows, "fees_usd") + _column(rows, "interest_usd") + _column(rows, "margin_cost_usd")
    hedged = _column(rows, "bill_usd") - _column(rows, "futures_pnl_usd") + costs
    hedged[1] += costs[0]
    return hedged[1 : last + 1]


def _peak_cash(run: RunFolder, account: int) -> float:
    accounts = run.tables["accounts"]
    money = accounts[accounts["account"] == account].sort_values("day")
    paid = -money["variation_usd_micro"].to_numpy(dtype=np.float64).cumsum()
    return float((paid + money["initial_margin_usd_micro"].to_numpy(dtype=np.float64)).max()) / USD_MICRO


def _column(rows: pd.DataFrame, name: str) -> FloatArray:
    return rows[[name]].to_numpy(dtype=np.float64)

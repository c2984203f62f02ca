"""Hedge programmes of the laboratory: the hedgers' own rules, and a user's own.

The positions of the built-in rules are those of :mod:`abm.agents.hedgers.programmes` and
:mod:`abm.agents.hedgers.minimum_variance`, which the hedgers in the market run too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.agents.hedgers.programmes import Programme, ProgrammeKind
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.hedging.listing import Listing
from abm.spot.process.domain import require

LARGEST_COVERAGE = 2.0
"""As for the hedgers of a scenario."""


@dataclass(frozen=True)
class FuturesHedge:
    """Positions in futures by one of the hedgers' own rules.

    Parameters
    ----------
    kind : ProgrammeKind
        ``none``, ``strip``, ``layered``, ``rolling``, ``stack`` or ``minimum_variance``.
    name : str
        What results call it; the kind by default.
    coverage : float
        Share of the expected need; of ``minimum_variance`` the ratio held without data.
    near_ratio, mid_ratio, far_ratio : float
        Bands of ``layered``: 75, 50 and 25 %, the usual policy table of a treasury.
    first_mid_tenor, first_far_tenor : int
        Tenors at which its middle and its far band begin: the quarters by default.
    lead_months : int
        Farthest month of ``rolling``.
    stack_tenor : int
        Month that ``stack`` is held in; 1 is the nearest that is not in delivery.
    stack_scaling : float or "kappa"
        Speed a year of e^(-kappa (T - T_stack)), by which a stack counts far needs less; ``kappa`` is that of
        the process, 0 a naive stack.
    roll_days : int
        Days at the end of a month over which ``rolling`` and ``stack`` go one month on.
    estimation_days, window_months, with_quantity
        Estimate of ``minimum_variance``: days of hedges over which the prior fades, months it looks back (0:
        all), and whether it is made on bills, which move with the need.
    tail_rate : float
        Interest rate per year of tailing; 0 is off.
    band_share : float
        No-trade band: a gap of so much of a month's need is left alone, unless nothing is wanted at all.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    kind: ProgrammeKind
    name: str = ""
    coverage: float = 1.0
    near_ratio: float = 0.75
    mid_ratio: float = 0.50
    far_ratio: float = 0.25
    first_mid_tenor: int = 4
    first_far_tenor: int = 7
    lead_months: int = 1
    stack_tenor: int = 1
    stack_scaling: float | Literal["kappa"] = 0.0
    roll_days: int = 1
    estimation_days: int = 252
    window_months: int = 0
    with_quantity: bool = False
    tail_rate: float = 0.0
    band_share: float = 0.0

    def __post_init__(self) -> None:
        for field in ("coverage", "near_ratio", "mid_ratio", "far_ratio"):
            value = getattr(self, field)
            require(0.0 <= value <= LARGEST_COVERAGE, field, value, f"in [0, {LARGEST_COVERAGE:g}]")
        for field in ("first_mid_tenor", "lead_months", "stack_tenor", "roll_days"):
            value = getattr(self, field)
            require(value >= 1 and value == int(value), field, value, "a whole number >= 1")
        far, mid = self.first_far_tenor, self.first_mid_tenor
        require(far >= mid, "first_far_tenor", far, f">= first_mid_tenor = {mid}")
        for field in ("estimation_days", "window_months", "tail_rate", "band_share"):
            value = getattr(self, field)
            require(0.0 <= value < math.inf, field, value, "a finite number >= 0")
        scaling = self.stack_scaling
        if scaling != "kappa":
            require(0.0 <= scaling < math.inf, "stack_scaling", scaling, "a finite number >= 0 or kappa")
        if not self.name:
            object.__setattr__(self, "name", self.kind)

    def terms(self, listing: Listing, kappa: float) -> Programme:
        """Return the terms as the hedgers' rule takes them.

        Raises
        ------
        ParameterError
            If the programme needs months that are not listed.
        """
        farthest = {"rolling": self.lead_months, "stack": self.stack_tenor}.get(self.kind, 0)
        last = listing.listed_months - (2 if self.kind == "stack" else 1)
        field = "lead_months" if self.kind == "rolling" else "stack_tenor"
        months = listing.listed_months
        require(farthest <= last, field, farthest, f"<= {last}: {months} months are listed")
        if self.kind in ("rolling", "stack"):
            days = listing.days_per_month
            require(self.roll_days <= days, "roll_days", self.roll_days, f"<= {days}, the days of a month")
        speed = kappa if self.stack_scaling == "kappa" else float(self.stack_scaling)
        return Programme(
            kind=self.kind,
            days_per_month=listing.days_per_month,
            near_ratio=self.near_ratio,
            mid_ratio=self.mid_ratio,
            far_ratio=self.far_ratio,
            first_mid_tenor=self.first_mid_tenor,
            first_far_tenor=self.first_far_tenor,
            ratio=self.coverage,
            roll_tenor=self.lead_months,
            stack_tenor=self.stack_tenor,
            roll_days=self.roll_days,
            stack_damping_per_month=speed / listing.months_per_year,
            tail_rate_per_day=self.tail_rate / listing.days_per_year,
        )


@dataclass(frozen=True)
class HedgeView:
    """What a user's own programme sees at the close of a day: the past and today's prices, nothing later.

    Attributes
    ----------
    day : int
        Day of the study.
    day_of_month : int
        Trading day of the month in delivery, from zero.
    front_month : int
        Month in delivery.
    months : array of int, shape (k,)
        Months that can be traded.
    prices_usd : array of float, shape (k, paths)
        Their futures prices, USD per mSIT.
    need_lots : array of float, shape (k,)
        Their expected need in lots of the contract, at the own price multiple.
    held_lots : array of float, shape (k, paths)
        Positions before the close's trades.
    spot_usd : array of float, shape (paths,)
        Spot price.
    """

    day: int
    day_of_month: int
    front_month: int
    months: NDArray[np.int64]
    prices_usd: FloatArray
    need_lots: FloatArray
    held_lots: FloatArray
    spot_usd: FloatArray


@dataclass(frozen=True)
class CustomHedge:
    """A user's own programme.

    Parameters
    ----------
    name : str
        What results call it.
    targets : callable
        Takes a ``HedgeView``, returns the lots wanted in each month that can be traded, shape (k,) or
        (k, paths), positive for bought. It is asked on every day that the study looks at.
    band_share : float
        No-trade band, as in ``FuturesHedge``.
    """

    name: str
    targets: Callable[[HedgeView], ArrayLike]
    band_share: float = 0.0

    def target_lots(self, view: HedgeView) -> FloatArray:
        """Return the lots wanted, shape (k, paths).

        Raises
        ------
        ParameterError
            If what the callable returns does not fit or is not finite.
        """
        wanted = np.asarray(self.targets(view), dtype=np.float64)
        months, paths = view.prices_usd.shape
        fits = wanted.shape in ((months,), (months, 1), (months, paths))
        allowed = f"of shape ({months},) or ({months}, {paths})"
        require(fits, f"programme {self.name}", f"an array of shape {wanted.shape}", allowed)
        require(bool(np.isfinite(wanted).all()), f"programme {self.name}", "a target", "a finite number")
        return np.broadcast_to(wanted.reshape(months, -1), (months, paths))


def unknown_programme(text: str) -> ParameterError:
    """Return the complaint about a programme nobody knows."""
    return ParameterError(
        f"programme: {text!r} is not one of none, strip[:COVERAGE], layered[:NEAR/MID/FAR], "
        "rolling[:LEAD[:COVERAGE]], stack[:scaled|KAPPA], minimum_variance[:PRIOR], fixed_price[:MARKUP], "
        "committed_spend[:DISCOUNT[:SHARE]] (a futures programme may end in +band:SHARE or +tail:RATE)"
    )

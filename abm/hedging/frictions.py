"""What stands between a hedge and its model: costs of trading, margin and its funding, cash, whole lots."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from abm.agents.hedgers.treasury import AbandonmentRule
from abm.core.errors import ParameterError
from abm.spot.process.domain import require

Liquidity = Literal["variation", "margin_at_marks", "constant_margin", "net_of_bills"]
"""What counts as the cash that a hedge needs at a moment.

- ``variation``: the losses paid so far, less the gains received;
- ``margin_at_marks``: those, and initial margin on what is held at today's prices;
- ``constant_margin``: those, and initial margin at the price at which each month was first seen;
- ``net_of_bills``: as ``margin_at_marks``, and what the bills paid so far cost beyond expectation, which is
  less than nothing where they were cheaper.
"""

LIQUIDITY_CONVENTIONS: tuple[Liquidity, ...] = get_args(Liquidity)

NEVER_GIVEN_UP = AbandonmentRule()

WhenOut = Literal["abandon", "reduce", "record"]


@dataclass(frozen=True)
class Frictions:
    """Frictions of a hedge; the default has none but a margin rate, which is counted and costs nothing.

    Parameters
    ----------
    half_spread : float
        Paid on every trade, as a share of the price; 0 is off.
    fee_usd_per_lot : float
        Paid on every lot traded; 0 is off.
    initial_margin_rate : float
        Share of the notional of every month held; in delivery the fixings to come count. 0 is off. The
        default is judgement: the source paper is said to ask 8-12 %.
    funding_rate : float
        Per year, on initial margin and the losses paid on open contracts, less the gains; 0 is off.
    cash_usd, credit_usd : float
        Money for margin; infinite cash is off.
    liquidity : Liquidity
        What the account counts as its need when it is compared with cash and credit, costs of trading on top.
    when_out : {"abandon", "reduce", "record"}
        What follows when the need is more than cash and credit: the hedge is closed and stays closed; it is
        cut to what the money carries; or it is only noted, as if a lender stood by.
    abandonment : AbandonmentRule
        A treasury that gives up before (:mod:`abm.agents.hedgers.treasury`); off by default. Its
        ``unwind_days`` count for a hedge that ran out of money too.
    whole_lots : bool
        Whether targets are rounded to lots.
    ramp_days : int
        Days over which a programme is built up from day 0; 1 is off.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    half_spread: float = 0.0
    fee_usd_per_lot: float = 0.0
    initial_margin_rate: float = 0.10
    funding_rate: float = 0.0
    cash_usd: float = math.inf
    credit_usd: float = 0.0
    liquidity: Liquidity = "margin_at_marks"
    when_out: WhenOut = "abandon"
    abandonment: AbandonmentRule = NEVER_GIVEN_UP
    whole_lots: bool = False
    ramp_days: int = 1

    def __post_init__(self) -> None:
        for name, highest in (("half_spread", 1.0), ("initial_margin_rate", 1.0), ("funding_rate", 10.0)):
            value = getattr(self, name)
            require(0.0 <= value <= highest, name, value, f"in [0, {highest:g}]")
        for name in ("fee_usd_per_lot", "credit_usd"):
            value = getattr(self, name)
            require(0.0 <= value < math.inf, name, value, "a finite number >= 0")
        require(self.cash_usd >= 0.0, "cash_usd", self.cash_usd, ">= 0")
        require(self.liquidity in LIQUIDITY_CONVENTIONS, "liquidity", self.liquidity, _words(Liquidity))
        require(self.when_out in get_args(WhenOut), "when_out", self.when_out, _words(WhenOut))
        whole = isinstance(self.ramp_days, int) and self.ramp_days >= 1
        require(whole, "ramp_days", self.ramp_days, "a whole number >= 1")

    @property
    def funds_usd(self) -> float:
        """Cash and credit."""
        return self.cash_usd + self.credit_usd

    @property
    def is_limited(self) -> bool:
        """Whether money can run out, or a treasury gives up, and something follows."""
        runs_out = self.funds_usd < math.inf and self.when_out != "record"
        return runs_out or self.abandonment.abandon_below > 0.0

    def without(self, *names: str) -> Frictions:
        """Return these frictions with some of them off, by field; ``cash_usd`` takes the credit along."""
        off = {
            "half_spread": 0.0, "fee_usd_per_lot": 0.0, "initial_margin_rate": 0.0, "funding_rate": 0.0,
            "cash_usd": math.inf, "whole_lots": False, "ramp_days": 1, "abandonment": NEVER_GIVEN_UP,
        }  # fmt: skip
        for name in names:
            if name not in off:
                raise ParameterError(f"friction: {name} is not one of {', '.join(off)}")
        changes = {name: off[name] for name in names}
        if "cash_usd" in changes:
            changes["credit_usd"] = 0.0
        assert set(off) <= {field.name for field in fields(self)}
        return replace(self, **changes)  # type: ignore[arg-type]


def _words(kinds: object) -> str:
    return "one of " + ", ".join(get_args(kinds))

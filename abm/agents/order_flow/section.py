"""Scenario section of the Poisson order flow."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from abm.core.settings.fields import Disagreement, Section, field

_JUDGEMENT = "judgement"
_CST = "Cont, Stoikov and Talreja 2010"
_PACE = f"{_CST}; 1,000 of their units of time a day is judgement"
_FPZ = "Farmer, Patelli and Zovko 2005"

Rate = Annotated[float, Field(ge=0, le=1e7)]
Tenor = Annotated[int, Field(ge=0, le=59)]


class OrderFlowSection(Section):
    """Poisson streams of limit orders, market orders and cancellations; none in the baseline.

    One rate of limit orders at all distances is the zero-intelligence flow of Farmer, Patelli and Zovko
    (2005), one for each distance the book of Cont, Stoikov and Talreja (2010). The default rates are those of
    the latter for one stock, per unit of its mean order size, at 1,000 of their units of time a day.
    """

    tenors: tuple[Tenor, ...] = field(
        (), unit="months", source=_JUDGEMENT + ": none",
        description="Months with this flow, counted from the front month; each is a book of its own.",
    )  # fmt: skip
    limits_per_day: tuple[Rate, ...] = field(
        (1850.0, 1510.0, 1090.0, 880.0, 770.0), min_length=1, unit="per day and tick", source=_PACE,
        description="Limit orders on each side 1, 2, ... ticks from the best price of the other side.",
    )  # fmt: skip
    reach_ticks: int = field(
        5, ge=1, le=100_000, unit="ticks", source=_CST,
        description="Farthest such distance; the last rate of limits_per_day holds up to there.",
    )  # fmt: skip
    overlap_ticks: int = field(
        0, ge=0, le=100_000, unit="ticks", source=f"{_CST}: none",
        description="How far the first rate reaches across that price; what would trade at once is refused.",
    )  # fmt: skip
    markets_per_day: float = field(
        940.0, ge=0, le=1e7, unit="per day", source=_PACE, description="Market orders on each side."
    )
    cancels_per_day: tuple[Rate, ...] = field(
        (710.0, 810.0, 680.0, 560.0, 470.0), min_length=1, unit="per day and order", source=_PACE,
        description="Cancellations of each resting order by distance; the last rate holds for all beyond.",
    )  # fmt: skip
    lots: int = field(
        1, ge=1, le=10_000, unit="lots", source=f"{_FPZ}: orders of one size",
        description="Lots of every order.",
    )  # fmt: skip
    cash_usd: float = field(
        1e9, gt=0, le=1e12, unit="USD", source="judgement: nothing is refused for margin",
        description="Capital of each of the three sources of a month: bids, offers, market orders.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _flow_makes_a_book(self) -> OrderFlowSection:
        if len(set(self.tenors)) < len(self.tenors):
            raise ValueError(f"tenors: {list(self.tenors)} names a month twice")
        if sum(self.limits_per_day) <= 0.0:
            raise ValueError(f"limits_per_day: none of {list(self.limits_per_day)} is > 0")
        if len(self.limits_per_day) > self.reach_ticks:
            rates = len(self.limits_per_day)
            raise Disagreement(
                "limits_per_day",
                f"{rates} rates are more than reach_ticks = {self.reach_ticks}",
                "reach_ticks",
                f"{self.reach_ticks} is not >= {rates}, the rates in limits_per_day",
            )
        return self

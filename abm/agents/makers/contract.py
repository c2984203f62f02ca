"""Terms of the market-maker contract: what is asked, when it is relaxed, and what it pays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PayTerms:
    """Pay of the contract; all of it is for makers that have reached a level.

    Attributes
    ----------
    stipend_usd_micro : int
        Pay of a month at the full level.
    levels : tuple of (float, int)
        Mean score from which on a level is reached, rising, and its share of the pay in basis points.
    revenue_share_bps : int, optional
        In place of the stipend: what all makers get of the month's fees less rebates, in proportion to the
        share of their level times their score.
    stress_usd_micro : int
        Extra for a day of complying quotes in one stressed month.
    limited_to_fees : bool
        Whether all pay together stops at the month's fees less rebates; it is then cut in proportion.
    """

    stipend_usd_micro: int
    levels: tuple[tuple[float, int], ...]
    revenue_share_bps: int | None = None
    stress_usd_micro: int = 0
    limited_to_fees: bool = False


@dataclass(frozen=True)
class StressTerms:
    """When the duties of a month are relaxed or suspended, for the rest of the day.

    Attributes
    ----------
    move : float
        Stress begins when the mid, or without quotes the last trade, is so many daily volatilities from the
        last settlement; 0 for never.
    on_interruption : bool
        A volatility interruption begins it too.
    spread_multiple, size_share : float
        What it makes of the widest spread, and of the sizes.
    suspended_by : tuple of str
        What suspends all duties: ``daily_limit``, ``halt``, ``index_unavailable``.
    """

    move: float = 0.0
    on_interruption: bool = False
    spread_multiple: float = 2.0
    size_share: float = 0.5
    suspended_by: tuple[str, ...] = ()

    @property
    def never(self) -> bool:
        """Whether the terms are the same in every round."""
        return self.move == 0.0 and not self.on_interruption and not self.suspended_by


@dataclass(frozen=True)
class MakerTerms:
    """Terms of the contract.

    Attributes
    ----------
    max_spread : array of float, shape (listed months,)
        Widest spread as a share of price, by tenor.
    quote_lots, min_lots : array of int64, shape (listed months,)
        Usual and smallest size on each side, by tenor.
    presence_required : float
        Share of complying month-rounds that the contract asks for.
    pay : PayTerms
        What a month kept is worth.
    misses_allowed : int
        Months missed in a row that cost the status; 0 for never.
    fee_usd_micro, fee_without_status_usd_micro : int
        Fee of a resting lot (negative for a rebate), and for a maker that has lost the status.
    stress : StressTerms
        Relaxation and suspension.
    """

    max_spread: NDArray[np.float64]
    quote_lots: NDArray[np.int64]
    min_lots: NDArray[np.int64]
    presence_required: float
    pay: PayTerms
    misses_allowed: int = 0
    fee_usd_micro: int = 0
    fee_without_status_usd_micro: int = 0
    stress: StressTerms = field(default_factory=StressTerms)

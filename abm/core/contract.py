"""What is traded: one futures contract on the Standard Inference Token and its delivery-month codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abm.core.arguments import finite_number, whole_array, whole_number

MONTH_LETTERS = "FGHJKMNQUVXZ"
"""Futures month letters, January to December (the exchanges' common code)."""

SCALE_FLOOR_TICKS = 100.0
"""Smallest price scale for relative distances, in ticks: prices may be zero or negative (judgement)."""


@dataclass(frozen=True, slots=True)
class ContractSpec:
    """A monthly cash-settled future on the Token Price Index.

    Parameters
    ----------
    product_code : str
        Letters before the month code, e.g. ``SIT`` in ``SITZ26``.
    contract_size_msit : int
        mSIT (million Standard Inference Tokens) in one lot.
    tick_size_usd_micro : int
        Smallest price step, micro-USD per mSIT.
    listed_months : int
        Consecutive delivery months that are listed at any time.

    Notes
    -----
    Prices are signed integers of ticks. With the defaults one tick is USD 0.001 per mSIT and USD 1.00 a lot.
    """

    product_code: str = "SIT"
    contract_size_msit: int = 1_000
    tick_size_usd_micro: int = 1_000
    listed_months: int = 12

    def __post_init__(self) -> None:
        for name in ("contract_size_msit", "tick_size_usd_micro", "listed_months"):
            whole_number(name, getattr(self, name), least=1, allowed="> 0")

    @property
    def tick_value_usd_micro(self) -> int:
        """Micro-USD that one lot gains or loses when the price moves by one tick."""
        return self.contract_size_msit * self.tick_size_usd_micro

    def price_to_ticks(self, price_usd: float) -> int:
        """Return the tick nearest to a price in USD per mSIT (ties to even)."""
        finite_number("price_usd", price_usd)
        return round(price_usd * 1_000_000 / self.tick_size_usd_micro)

    def ticks_to_usd(self, price_ticks: float) -> float:
        """Return a price in USD per mSIT."""
        return price_ticks * self.tick_size_usd_micro / 1_000_000

    def notional_usd_micro(self, price_ticks: int, lots: int) -> int:
        """Return price times quantity in micro-USD, signed like the product."""
        factors: dict[str, Any] = {"price_ticks": price_ticks, "lots": lots}
        for name, value in factors.items():
            if getattr(value, "ndim", 0) > 0:
                whole_array(name, value)
            else:
                whole_number(name, value)
        return price_ticks * lots * self.tick_value_usd_micro

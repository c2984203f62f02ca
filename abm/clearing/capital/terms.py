"""What owners and business outside bring and take, as one plain frozen record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.clearing.terms import require_column
from abm.core.errors import ParameterError

MILLION = 1_000_000
"""What ratios of prices and changes of wealth are counted in."""


@dataclass(frozen=True, eq=False)
class CapitalTerms:
    """Whose owners keep an account at its target, how, and whose own money moves with the token price.

    Parameters
    ----------
    has_owner : array of bool, shape (n_accounts,)
        Accounts that an owner takes excess out of, and brings something into.
    price_beta : array of float, shape (n_accounts,)
        Elasticity of an account's bank cash to the token price; 0 for none.
    member_price_beta : float
        The same of each member's own capital.
    refill_share_bps : int
        Most that an owner brings in at once, as a share of the target.
    purse_bps : int
        Most that an owner brings in beyond what it was paid out, as a share of the equity at the start.
    kept_margin_bps : int
        Equity that a payout leaves at least, as a share of initial margin.

    Raises
    ------
    ParameterError
        If an array has another shape or type, or a number is outside its domain.
    """

    has_owner: NDArray[np.bool_]
    price_beta: NDArray[np.float64]
    member_price_beta: float = 0.0
    refill_share_bps: int = 0
    purse_bps: int = 0
    kept_margin_bps: int = 0

    def __post_init__(self) -> None:
        require_column("capital", "has_owner", self.has_owner, len(self.has_owner), np.bool_)
        require_column("capital", "price_beta", self.price_beta, len(self.has_owner), np.float64)
        if not np.isfinite(self.price_beta).all():
            raise ParameterError("capital.price_beta: it is not finite for every account")
        if not np.isfinite(self.member_price_beta):
            raise ParameterError(f"capital.member_price_beta: {self.member_price_beta} is not finite")
        for name in ("refill_share_bps", "purse_bps", "kept_margin_bps"):
            if not getattr(self, name) >= 0:
                raise ParameterError(f"capital.{name}: {getattr(self, name)} is not >= 0")


def no_capital_rule(n_accounts: int) -> CapitalTerms:
    """Return the terms under which no money comes or goes outside trading."""
    return CapitalTerms(np.zeros(n_accounts, dtype=np.bool_), np.zeros(n_accounts))

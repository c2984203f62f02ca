"""What the clearing house is told at the start: accounts, members and rules, as plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError


def _require_column(owner: str, name: str, array: NDArray[np.generic], count: int, dtype: type) -> None:
    if array.shape != (count,):
        raise ParameterError(f"{owner}.{name}: shape {array.shape} is not ({count},)")
    if array.dtype != dtype:
        raise ParameterError(f"{owner}.{name}: dtype {array.dtype} is not {np.dtype(dtype)}")


def _require_not_negative(owner: str, name: str, array: NDArray[np.int64]) -> None:
    if np.any(array < 0):
        at = int(np.argmax(array < 0))
        raise ParameterError(f"{owner}.{name}[{at}]: {int(array[at])} is not >= 0")


@dataclass(frozen=True, eq=False)
class AccountTerms:
    """Terms of every trader's account; each field is an array of shape (n_accounts,).

    Parameters
    ----------
    member : array of int64
        Clearing member that guarantees the account.
    cash_usd_micro : array of int64
        Own bank money at the start, before the first deposit.
    initial_collateral_usd_micro : array of int64
        Part of it moved to the clearing house at the start; at most ``cash_usd_micro``.
    credit_limit_usd_micro, credit_rate_per_year_bps : array of int64
        Credit line at an outside bank and its simple yearly rate in basis points.
    maker_fee_usd_micro, taker_fee_usd_micro : array of int64
        Fee per lot; a negative fee is a rebate.
    is_client : array of bool
        True for a client; False for a member's own account, whose maintenance margin equals the initial.

    Raises
    ------
    ParameterError
        If shapes differ or an amount is outside its domain.
    """

    member: NDArray[np.int64]
    cash_usd_micro: NDArray[np.int64]
    initial_collateral_usd_micro: NDArray[np.int64]
    credit_limit_usd_micro: NDArray[np.int64]
    credit_rate_per_year_bps: NDArray[np.int64]
    maker_fee_usd_micro: NDArray[np.int64]
    taker_fee_usd_micro: NDArray[np.int64]
    is_client: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            dtype = np.bool_ if name == "is_client" else np.int64
            _require_column("accounts", name, getattr(self, name), self.count, dtype)
        for name in (
            "member",
            "cash_usd_micro",
            "initial_collateral_usd_micro",
            "credit_limit_usd_micro",
            "credit_rate_per_year_bps",
        ):
            _require_not_negative("accounts", name, getattr(self, name))
        over = self.initial_collateral_usd_micro > self.cash_usd_micro
        if np.any(over):
            at = int(np.argmax(over))
            raise ParameterError(
                f"accounts.initial_collateral_usd_micro[{at}]: {int(self.initial_collateral_usd_micro[at])}"
                f" is more than the account's cash of {int(self.cash_usd_micro[at])}"
            )

    @property
    def count(self) -> int:
        """Number of accounts."""
        return len(self.member)


@dataclass(frozen=True, eq=False)
class MemberTerms:
    """Resources of the clearing members; each field is an array of int64, shape (n_members,).

    Parameters
    ----------
    capital_usd_micro : array of int64
        Own capital with which a member guarantees its clients.
    fund_contribution_usd_micro : array of int64
        Paid into the guaranty fund.
    """

    capital_usd_micro: NDArray[np.int64]
    fund_contribution_usd_micro: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            _require_column("members", name, getattr(self, name), self.count, np.int64)
            _require_not_negative("members", name, getattr(self, name))
        if self.count == 0:
            raise ParameterError("members: 0 is not >= 1: every account needs a clearing member")

    @property
    def count(self) -> int:
        """Number of clearing members."""
        return len(self.capital_usd_micro)


@dataclass(frozen=True, slots=True)
class ClearingRules:
    """Rules of the clearing house.

    Parameters
    ----------
    skin_in_the_game_usd_micro : int
        The house's own capital, used before the surviving members' fund contributions.
    call_deadline_rounds : int
        Rounds from a margin call to its deadline.
    close_out_slice_share : float
        Share, in (0, 1], of the position held at default that is offered per round and month.
    close_out_protection : float
        Worst price of a close-out slice, as a share of the best opposite price.
    days_per_year : int
        Trading days over which a year's interest is spread.
    client_ratio_bps : int
        Initial over maintenance margin for clients, in basis points. The default 11,000 is the 110 % of
        the CME's heightened-risk accounts.
    excess_buffer_bps : int
        Collateral above initial margin x (1 + buffer) is returned daily.
    """

    skin_in_the_game_usd_micro: int
    call_deadline_rounds: int
    close_out_slice_share: float
    close_out_protection: float
    days_per_year: int
    client_ratio_bps: int = 11_000
    excess_buffer_bps: int = 2_500

    def __post_init__(self) -> None:
        for name in (
            "skin_in_the_game_usd_micro",
            "call_deadline_rounds",
            "close_out_protection",
            "excess_buffer_bps",
        ):
            if not getattr(self, name) >= 0:
                raise ParameterError(f"clearing.{name}: {getattr(self, name)} is not >= 0")
        if not 0.0 < self.close_out_slice_share <= 1.0:
            raise ParameterError(
                f"clearing.close_out_slice_share: {self.close_out_slice_share} is not in (0, 1]"
            )
        if self.days_per_year <= 0:
            raise ParameterError(f"clearing.days_per_year: {self.days_per_year} is not > 0")
        if self.client_ratio_bps < 10_000:
            raise ParameterError(f"clearing.client_ratio_bps: {self.client_ratio_bps} is not >= 10000")

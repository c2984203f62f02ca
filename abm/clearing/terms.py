"""What the clearing house is told at the start: accounts, members and rules, as plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError
from abm.core.money import BPS

CloseOutMethod = Literal["orders", "auction"]
"""How a defaulter's positions are sold: in the live book, or first to a surviving member in an auction."""

_NOT_NEGATIVE_IF_GIVEN = ("cash_reserve_usd_micro", "commitment_fee_per_year_bps", "credit_end_share_bps")
_OPTIONAL = ("auction_fee_usd_micro", "credit_first", *_NOT_NEGATIVE_IF_GIVEN)
_FLAGS = ("is_client", "credit_first")


def require_column(owner: str, name: str, array: NDArray[np.generic], count: int, dtype: type) -> None:
    """Raise ``ParameterError`` unless an array has one element of the type for each of so many holders."""
    if array.shape != (count,):
        raise ParameterError(f"{owner}.{name}: shape {array.shape} is not ({count},)")
    if array.dtype != dtype:
        raise ParameterError(f"{owner}.{name}: dtype {array.dtype} is not {np.dtype(dtype)}")


def require_not_negative(owner: str, name: str, array: NDArray[np.int64]) -> None:
    """Raise ``ParameterError`` naming the first element that is negative."""
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
    auction_fee_usd_micro : array of int64, optional
        Fee per lot that either side of an auction trade pays; the maker fee by default.
    cash_reserve_usd_micro : array of int64, optional
        Bank money that the treasury keeps back from margin calls and new positions until a deadline, when
        everything goes; none by default.
    credit_first : array of bool, optional
        Whether the treasury draws on its credit line before it uses bank money; nobody by default.
    commitment_fee_per_year_bps : array of int64, optional
        Simple yearly fee on undrawn credit in basis points; none by default.
    credit_end_share_bps : array of int64, optional
        Share of the reference equity under which the lender ends the line, in basis points; by default, and
        at 0, never.

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
    auction_fee_usd_micro: NDArray[np.int64] | None = None
    cash_reserve_usd_micro: NDArray[np.int64] | None = None
    credit_first: NDArray[np.bool_] | None = None
    commitment_fee_per_year_bps: NDArray[np.int64] | None = None
    credit_end_share_bps: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            dtype = np.bool_ if name in _FLAGS else np.int64
            if name not in _OPTIONAL or getattr(self, name) is not None:
                require_column("accounts", name, getattr(self, name), self.count, dtype)
        for name in _NOT_NEGATIVE_IF_GIVEN:
            if getattr(self, name) is not None:
                require_not_negative("accounts", name, getattr(self, name))
        for name in (
            "member",
            "cash_usd_micro",
            "initial_collateral_usd_micro",
            "credit_limit_usd_micro",
            "credit_rate_per_year_bps",
        ):
            require_not_negative("accounts", name, getattr(self, name))
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
            require_column("members", name, getattr(self, name), self.count, np.int64)
            require_not_negative("members", name, getattr(self, name))
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
    client_ratio_bps, member_ratio_bps : int
        Initial over maintenance margin for clients and for members' own accounts, in basis points. The
        defaults, 11,000 and 10,000, are the 110 % of the CME's heightened-risk accounts and its 100 % of
        members'.
    excess_buffer_bps : int
        Collateral above initial margin x (1 + buffer) is returned daily.
    ad_hoc_call_loss_share_bps : int
        An account that lost more than this share of its initial margin since the last mark makes an extra
        margin cycle due; 0 for none.
    collateral_rate_per_year_bps : int
        Simple yearly interest paid on collateral.
    reduction_grace_rounds : int
        Rounds from a missed deadline in which positions are reduced before the account defaults; 0 for none.
    close_out_method : {"orders", "auction"}
        How a defaulter's positions are sold; an auction that finds no bidder falls back to orders.
    close_out_participation : float
        Largest share, in (0, 1], of the lots shown at the best opposite price that one slice takes, and at
        least one lot; 0 for no such limit.
    auction_discount_bps : int
        Discount that a bidder asks per lot, as a share of initial margin.
    assessment_bps : int
        What a surviving member may be called for beyond its contribution, between two replenishments and as
        a share of the contribution required of it (CME: 27,500); 0 for none.
    variation_haircut_bps : int
        Largest share of gains that is cut at the end of the waterfall; 0 for none.
    tear_up : bool
        Whether contracts are torn up where everything before is used up.
    replenish_rounds : int
        Rounds after its first use until the fund and the house's capital are filled up again; 0 for never.
    fund_floor_usd_micro : int
        Least contribution of a member when the guaranty fund is sized.
    """

    skin_in_the_game_usd_micro: int
    call_deadline_rounds: int
    close_out_slice_share: float
    close_out_protection: float
    days_per_year: int
    client_ratio_bps: int = 11_000
    member_ratio_bps: int = 10_000
    excess_buffer_bps: int = 2_500
    ad_hoc_call_loss_share_bps: int = 0
    collateral_rate_per_year_bps: int = 0
    reduction_grace_rounds: int = 0
    close_out_method: CloseOutMethod = "orders"
    close_out_participation: float = 0.0
    auction_discount_bps: int = 2_500
    assessment_bps: int = 0
    variation_haircut_bps: int = 0
    tear_up: bool = False
    replenish_rounds: int = 0
    fund_floor_usd_micro: int = 0

    def __post_init__(self) -> None:
        for name in (
            "skin_in_the_game_usd_micro",
            "call_deadline_rounds",
            "close_out_protection",
            "excess_buffer_bps",
            "ad_hoc_call_loss_share_bps",
            "collateral_rate_per_year_bps",
            "reduction_grace_rounds",
            "auction_discount_bps",
            "assessment_bps",
            "replenish_rounds",
            "fund_floor_usd_micro",
        ):
            if not getattr(self, name) >= 0:
                raise ParameterError(f"clearing.{name}: {getattr(self, name)} is not >= 0")
        if not 0.0 < self.close_out_slice_share <= 1.0:
            raise ParameterError(
                f"clearing.close_out_slice_share: {self.close_out_slice_share} is not in (0, 1]"
            )
        if not 0.0 <= self.close_out_participation <= 1.0:
            raise ParameterError(
                f"clearing.close_out_participation: {self.close_out_participation} is not in [0, 1]"
            )
        if not 0 <= self.variation_haircut_bps <= BPS:
            raise ParameterError(
                f"clearing.variation_haircut_bps: {self.variation_haircut_bps} is not in 0..{BPS}"
            )
        if self.close_out_method not in get_args(CloseOutMethod):
            raise ParameterError(
                f"clearing.close_out_method: {self.close_out_method!r} "
                f"is not one of {get_args(CloseOutMethod)}"
            )
        if self.days_per_year <= 0:
            raise ParameterError(f"clearing.days_per_year: {self.days_per_year} is not > 0")
        for name in ("client_ratio_bps", "member_ratio_bps"):
            if getattr(self, name) < BPS:
                raise ParameterError(f"clearing.{name}: {getattr(self, name)} is not >= {BPS}")

    @property
    def may_cut_gains(self) -> bool:
        """Whether gains paid out may have to be given back at the end of the waterfall."""
        return self.tear_up or self.variation_haircut_bps > 0

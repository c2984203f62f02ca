"""Auction of a defaulter's positions among the surviving members' own accounts.

Every surviving member with an own account makes one sealed bid for the whole portfolio: the mark less a
discount per lot. The discount is a share of the initial margin of the lot, times the lots of the same
direction that the bidder would then hold per lot taken over: a member that already leans the same way asks
for more, one that leans the other way for less, and nothing for lots that only bring it nearer to flat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import PostingKind
from abm.clearing.calls.funding import Funding
from abm.clearing.calls.requirements import Requirements
from abm.clearing.terms import ClearingRules
from abm.core.money import BPS, ceil_div


class Bid(NamedTuple):
    """A sealed bid for a whole portfolio."""

    account: int
    member: int
    price_ticks: NDArray[np.int64]
    """Price by slot, shape (n_slots,); the mark where nothing is sold."""
    discount_usd_micro: int
    """What the seller gets less than the marks: zero or more."""


def bid_for(
    lots: NDArray[np.int64],
    own_lots: NDArray[np.int64],
    mark_ticks: NDArray[np.int64],
    margin_per_lot_usd_micro: NDArray[np.int64],
    *,
    account: int,
    member: int,
    discount_bps: int,
    tick_value_usd_micro: int,
) -> Bid:
    """Return what a member bids.

    Parameters
    ----------
    lots, own_lots : array of int64, shape (n_slots,)
        Signed portfolio for sale, and the bidder's position before.
    mark_ticks, margin_per_lot_usd_micro : array of int64, shape (n_slots,)
        Last mark and initial margin of one lot.
    account, member : int
        The bidder.
    discount_bps : int
        Discount as a share of initial margin, before the bidder's own position counts.
    tick_value_usd_micro : int
        Micro-USD per tick and lot.
    """
    prices, discount_ticks = mark_ticks.copy(), 0
    for slot in np.flatnonzero(lots).tolist():
        sign, sold = (1 if lots[slot] > 0 else -1), abs(int(lots[slot]))
        like_directed = max(0, sold + sign * int(own_lots[slot]))
        per_lot = ceil_div(
            int(margin_per_lot_usd_micro[slot]) * discount_bps * like_directed,
            BPS * sold * tick_value_usd_micro,
        )
        prices[slot] -= sign * per_lot
        discount_ticks += sold * per_lot
    return Bid(account, member, prices, discount_ticks * tick_value_usd_micro)


def own_accounts_of_survivors(
    member_of: NDArray[np.int64],
    is_client: NDArray[np.bool_],
    in_default: NDArray[np.bool_],
    member_in_default: NDArray[np.bool_],
    guarantor: int,
) -> list[int]:
    """Return the first own account of each other surviving member that has one, in the order of members.

    The guarantor, the member whose account is sold, does not bid: the loss that it is about to cover may
    bring it down, and with it what it has just won.
    """
    own = np.flatnonzero(~is_client & ~in_default & ~member_in_default[member_of] & (member_of != guarantor))
    first_of = {int(member_of[account]): account for account in own[::-1].tolist()}
    return [first_of[member] for member in sorted(first_of)]


def winning_bid(bids: list[Bid], can_carry: Callable[[Bid], bool]) -> Bid | None:
    """Return the bid with the smallest discount among those who can carry the portfolio, or ``None``.

    Between equal bids the lower member number wins.
    """
    for bid in sorted(bids, key=lambda bid: (bid.discount_usd_micro, bid.member)):
        if can_carry(bid):
            return bid
    return None


class DefaultAuction:
    """Sells a defaulter's positions to the best bidder that can carry them.

    Parameters
    ----------
    books : Books
        Positions, balances and who performs.
    requirements, funding : Requirements, Funding
        Margin of what a bidder would hold, and what it can pay.
    rules : ClearingRules
        Discount that bidders ask.
    """

    def __init__(
        self, books: Books, requirements: Requirements, funding: Funding, rules: ClearingRules
    ) -> None:
        self._books, self._requirements, self._funding, self._rules = books, requirements, funding, rules

    def hold(self, account: int, *, now_round: int) -> int | None:
        """Return the account that took all positions over; None, and nothing has changed, if nobody did."""
        positions = self._books.positions
        lots = positions.lots[account].copy()
        if not lots.any():
            return None
        won = winning_bid(self._bids(account, lots), lambda bid: self._can_carry(bid, lots))
        if won is None:
            return None
        gain = sum(
            positions.transfer(
                giver=account,
                taker=won.account,
                slot=slot,
                lots=int(lots[slot]),
                price_ticks=int(won.price_ticks[slot]),
            )
            for slot in np.flatnonzero(lots).tolist()
        )
        assert gain == won.discount_usd_micro, "the winner's gain is not the discount of its bid"
        variation = np.zeros(len(positions.lots), dtype=np.int64)
        variation[[account, won.account]] = -gain, gain
        self._books.variation.pay(PostingKind.VARIATION_MARGIN, variation, now_round=now_round)
        return won.account

    def _bids(self, account: int, lots: NDArray[np.int64]) -> list[Bid]:
        positions, register = self._books.positions, self._books.register
        bidders = own_accounts_of_survivors(
            register.member_of,
            register.is_client,
            register.in_default,
            register.member_in_default,
            guarantor=int(register.member_of[account]),
        )
        return [
            bid_for(
                lots,
                positions.lots[bidder],
                positions.last_mark_ticks,
                self._requirements.per_lot_usd_micro,
                account=bidder,
                member=int(register.member_of[bidder]),
                discount_bps=self._rules.auction_discount_bps,
                tick_value_usd_micro=positions.tick_value_usd_micro,
            )
            for bidder in bidders
        ]

    def _can_carry(self, bid: Bid, lots: NDArray[np.int64]) -> bool:
        """Say whether a bidder has the money for the initial margin of its positions after the auction."""
        after = self._books.positions.lots[[bid.account]] + lots
        has = (
            int(self._books.ledger.collateral_usd_micro[bid.account])
            + bid.discount_usd_micro
            + int(self._funding.free_cash()[bid.account])
            + int(self._funding.free_credit()[bid.account])
        )
        return has >= int(self._requirements.of(after)[0])

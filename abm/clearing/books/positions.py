"""Positions after novation, and the value each carries since it was last marked.

Both legs of a trade face the clearing house. ``carried_ticks`` holds the signed lots times the price at
which they were last valued (the trade price, then each mark): variation margin is the position at the mark
minus the carried value, so its sum from trade to settlement does not depend on how often marks are taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, Side

_BUY = int(Side.BUY)


class PositionState(NamedTuple):
    """Arrays of positions and of what trading accrued: rows are accounts, columns are month slots."""

    position_lots: NDArray[np.int64]
    """Signed net lots, shape (n_accounts, n_slots)."""
    carried_ticks: NDArray[np.int64]
    """Signed lots times the price of their last valuation, shape (n_accounts, n_slots)."""
    maker_lots: NDArray[np.int64]
    """Lots traded by resting orders since the start, shape (n_accounts,)."""
    taker_lots: NDArray[np.int64]
    """Lots traded by incoming orders since the start, shape (n_accounts,)."""
    auction_lots: NDArray[np.int64]
    """Lots traded in auctions since the start, shape (n_accounts,)."""
    accrued_fee_usd_micro: NDArray[np.int64]
    """Fees not yet posted, shape (n_accounts,)."""
    accrued_rebate_usd_micro: NDArray[np.int64]
    """Rebates not yet posted, shape (n_accounts,)."""


def empty_positions(n_accounts: int, n_slots: int) -> PositionState:
    """Return the state before the first trade."""
    by_slot, by_account = (n_accounts, n_slots), n_accounts
    return PositionState(
        position_lots=np.zeros(by_slot, dtype=np.int64),
        carried_ticks=np.zeros(by_slot, dtype=np.int64),
        maker_lots=np.zeros(by_account, dtype=np.int64),
        taker_lots=np.zeros(by_account, dtype=np.int64),
        auction_lots=np.zeros(by_account, dtype=np.int64),
        accrued_fee_usd_micro=np.zeros(by_account, dtype=np.int64),
        accrued_rebate_usd_micro=np.zeros(by_account, dtype=np.int64),
    )


@kernel
def novate_trades(
    trades: NDArray[np.void],
    state: PositionState,
    maker_fee_usd_micro: NDArray[np.int64],
    taker_fee_usd_micro: NDArray[np.int64],
    auction_fee_usd_micro: NDArray[np.int64],
) -> int:
    """Book both legs of each trade against the house and accrue the fees.

    A trade without an aggressor is one of an auction: both sides pay the auction fee.

    Returns -1, or the row of the first impossible trade (unknown account, no lots, one account on both
    sides), before which all trades are booked.
    """
    n_accounts, n_slots = state.position_lots.shape
    for row in range(len(trades)):
        buyer, seller = int(trades[row].buyer), int(trades[row].seller)
        lots, price = trades[row].lots, trades[row].price_ticks
        if lots <= 0 or buyer == seller or min(buyer, seller) < 0 or max(buyer, seller) >= n_accounts:
            return row
        slot = trades[row].month % n_slots
        state.position_lots[buyer, slot] += lots
        state.position_lots[seller, slot] -= lots
        state.carried_ticks[buyer, slot] += lots * price
        state.carried_ticks[seller, slot] -= lots * price
        if trades[row].aggressor_side == 0:
            state.auction_lots[buyer] += lots
            state.auction_lots[seller] += lots
            fees = (buyer, auction_fee_usd_micro[buyer]), (seller, auction_fee_usd_micro[seller])
        else:
            taker, maker = (buyer, seller) if trades[row].aggressor_side == _BUY else (seller, buyer)
            state.taker_lots[taker] += lots
            state.maker_lots[maker] += lots
            fees = (taker, taker_fee_usd_micro[taker]), (maker, maker_fee_usd_micro[maker])
        for account, fee in fees:
            if fee >= 0:
                state.accrued_fee_usd_micro[account] += fee * lots
            else:
                state.accrued_rebate_usd_micro[account] -= fee * lots
    return -1


def total_by_month(by_account: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum over accounts of an array of accounts by slots (faster than ``sum(axis=0)``)."""
    total: NDArray[np.int64] = np.einsum("ij->j", by_account)
    return total


def mark_positions(
    state: PositionState, mark_ticks: NDArray[np.int64], tick_value_usd_micro: int
) -> NDArray[np.int64]:
    """Value every position at the marks and return the variation margin of each account.

    Parameters
    ----------
    state : PositionState
        Carried values are replaced by the positions at the marks.
    mark_ticks : array of int64, shape (n_slots,)
        ``NO_PRICE`` is allowed where nobody holds a position.
    tick_value_usd_micro : int
        Micro-USD per tick and lot.

    Returns
    -------
    array of int64, shape (n_accounts,)
        Micro-USD gained since the last mark; they sum to zero, also within each month.
    """
    missing = mark_ticks == NO_PRICE
    marks = np.where(missing, 0, mark_ticks)
    variation, gross_lots, net_ticks, most_carried = _revalue(
        state.position_lots, state.carried_ticks, marks, tick_value_usd_micro
    )
    assert not gross_lots[missing].any(), "an open position has no mark price"
    largest = int(gross_lots.max(initial=0)) * int(np.abs(marks).max(initial=0)) + most_carried
    assert largest * tick_value_usd_micro < MONEY_BOUND_USD_MICRO, "a position's value is near overflow"
    assert not net_ticks.any(), "variation margin of a month does not sum to zero"
    return variation


@kernel
def _revalue(
    position_lots: NDArray[np.int64],
    carried_ticks: NDArray[np.int64],
    marks: NDArray[np.int64],
    tick_value_usd_micro: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Carry each position at its mark, in one pass: most accounts of a large market hold nothing.

    Returns the gain of each account; by slot, gross lots and the sum of gains; the largest carried value.
    """
    n_accounts, n_slots = position_lots.shape
    gain_usd_micro = np.empty(n_accounts, dtype=np.int64)
    gross_lots = np.zeros(n_slots, dtype=np.int64)
    net_ticks = np.zeros(n_slots, dtype=np.int64)
    most_carried = 0
    for account in range(n_accounts):
        gain_ticks = 0
        for slot in range(n_slots):
            lots, carried = position_lots[account, slot], carried_ticks[account, slot]
            if lots == 0 and carried == 0:
                continue
            value = lots * marks[slot]
            carried_ticks[account, slot] = value
            gain_ticks += value - carried
            gross_lots[slot] += abs(lots)
            net_ticks[slot] += value - carried
            most_carried = max(most_carried, abs(carried))
        gain_usd_micro[account] = gain_ticks * tick_value_usd_micro
    return gain_usd_micro, gross_lots, net_ticks, most_carried


def settle_slot(
    state: PositionState, slot: int, final_ticks: int, tick_value_usd_micro: int
) -> NDArray[np.int64]:
    """Value one month at its final price, close its positions and return each account's last gain."""
    # Copies, which are contiguous: the kernel keeps one type signature. The originals go to zero below.
    held = PositionState(state.position_lots[:, [slot]], state.carried_ticks[:, [slot]], *state[2:])
    last = mark_positions(held, np.array([final_ticks], dtype=np.int64), tick_value_usd_micro)
    state.position_lots[:, slot] = 0
    state.carried_ticks[:, slot] = 0
    return last


def transfer_lots(
    state: PositionState,
    *,
    giver: int,
    taker: int,
    slot: int,
    lots: int,
    price_ticks: int,
    mark_ticks: int,
    tick_value_usd_micro: int,
) -> int:
    """Move lots from one account to another without a trade and return what the taker gains on them.

    Both carry the lots at the mark, so the difference of price and mark is due at once; it is the same
    integer for both. ``lots`` has the sign of the giver's position.
    """
    held = int(state.position_lots[giver, slot])
    assert 0 < lots <= held or held <= lots < 0, "nobody gives what it has not"
    assert giver != taker, "an account gives a position to itself"
    for account, moved in ((giver, -lots), (taker, lots)):
        state.position_lots[account, slot] += moved
        state.carried_ticks[account, slot] += moved * mark_ticks
    return lots * (mark_ticks - price_ticks) * tick_value_usd_micro


def check_positions(state: PositionState) -> None:
    """Assert that positions and carried values sum to zero per month: longs equal shorts."""
    assert not total_by_month(state.position_lots).any(), "longs differ from shorts in a month"
    assert not total_by_month(state.carried_ticks).any(), "carried values of a month do not sum to zero"

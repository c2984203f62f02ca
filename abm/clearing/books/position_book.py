"""The position book: trades booked, positions marked and settled, and moved without a trade."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.charges import FeeSchedule
from abm.clearing.books.positions import (
    check_positions,
    empty_positions,
    mark_positions,
    novate_trades,
    settle_slot,
    transfer_lots,
)
from abm.core.arguments import whole_array
from abm.core.money import allocate_largest_remainder
from abm.core.orders import NO_PRICE, TRADE_DTYPE


class PositionBook:
    """Positions of all accounts against the house, valued at the last marks.

    Parameters
    ----------
    n_accounts, n_slots : int
        Traders, and months listed at a time.
    tick_value_usd_micro : int
        Micro-USD per tick and lot.

    Attributes
    ----------
    state : PositionState
        Positions, carried values, lots traded, fees accrued.
    last_mark_ticks : array of int64, shape (n_slots,)
        Prices of the last mark, ``NO_PRICE`` where there was none.
    """

    def __init__(self, n_accounts: int, n_slots: int, *, tick_value_usd_micro: int) -> None:
        self.state = empty_positions(n_accounts, n_slots)
        self.tick_value_usd_micro = tick_value_usd_micro
        self.last_mark_ticks = np.full(n_slots, NO_PRICE, dtype=np.int64)
        self._transfers: list[NDArray[np.void]] = []

    @property
    def lots(self) -> NDArray[np.int64]:
        """Signed net lots, shape (n_accounts, n_slots)."""
        return self.state.position_lots

    @property
    def n_slots(self) -> int:
        """Months listed at a time."""
        return len(self.last_mark_ticks)

    def open_interest_lots(self) -> NDArray[np.int64]:
        """Return the sum of long positions per slot, which equals that of shorts; shape (n_slots,)."""
        longs: NDArray[np.int64] = np.maximum(self.lots, 0).sum(axis=0)
        return longs

    def unsettled(self) -> NDArray[np.bool_]:
        """Return the accounts with a position, or with a gain that was not paid yet; shape (n_accounts,)."""
        state = self.state
        unsettled: NDArray[np.bool_] = np.logical_or(
            state.position_lots.any(axis=1), state.carried_ticks.any(axis=1)
        )
        return unsettled

    def book(self, trades: NDArray[np.void], fees: FeeSchedule) -> None:
        """Step into trades (``TRADE_DTYPE``) as the counterparty of both sides, and accrue their fees."""
        if len(trades) == 0:
            return
        # A copy is writable and contiguous whatever was passed in: the kernel keeps one type signature.
        impossible = novate_trades(trades.copy(), self.state, *fees)
        assert impossible == -1, f"trade {trades[impossible]} cannot be booked"

    def bring_in(self, position_lots: NDArray[np.int64], settlement_ticks: NDArray[np.int64]) -> None:
        """Take over positions that stood between traders before there was a clearing house.

        They are valued at the settlement prices given, so that variation margin runs from there; no trade is
        booked and no fee charged. Who brings one in has held nothing before.

        Parameters
        ----------
        position_lots : array of int64, shape (n_accounts, n_slots)
            Signed positions; each month's sum to zero.
        settlement_ticks : array of int64, shape (n_slots,)
            Price of each month.
        """
        state = self.state
        holds = position_lots.any(axis=1)
        assert not self.unsettled()[holds].any(), "positions are there already"
        whole_array("position_lots", position_lots, state.position_lots.shape)
        whole_array("settlement_ticks", settlement_ticks, state.position_lots.shape[1:])
        assert not position_lots.sum(axis=0).any(), "positions of a month do not sum to zero"
        state.position_lots[holds] = position_lots[holds]
        state.carried_ticks[holds] = position_lots[holds] * settlement_ticks

    def mark(self, mark_ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Value every position at the marks and return the variation margin due, shape (n_accounts,)."""
        gain = mark_positions(self.state, mark_ticks, self.tick_value_usd_micro)
        self.last_mark_ticks[:] = mark_ticks
        return gain

    def settle(self, slot: int, final_ticks: int) -> NDArray[np.int64]:
        """Close the positions of a month at its final price and return the last gains, (n_accounts,)."""
        last = settle_slot(self.state, slot, final_ticks, self.tick_value_usd_micro)
        self.last_mark_ticks[slot] = NO_PRICE
        return last

    def loss_usd_micro(self, mark_ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what each account has lost since the last mark at prices of now; zero for a gain."""
        value_ticks = self.lots * np.where(mark_ticks == NO_PRICE, 0, mark_ticks)
        unpaid_ticks = (self.state.carried_ticks - value_ticks).sum(axis=1)
        loss: NDArray[np.int64] = np.maximum(unpaid_ticks, 0) * self.tick_value_usd_micro
        return loss

    def is_marked(self, account: int) -> bool:
        """Say whether an account has not traded since the last marks, so that it owes nothing else."""
        held, priced = self.lots[account], self.last_mark_ticks != NO_PRICE
        marked = held * np.where(priced, self.last_mark_ticks, 0) == self.state.carried_ticks[account]
        return bool((marked & (priced | (held == 0))).all())

    def transfer(self, *, giver: int, taker: int, slot: int, lots: int, price_ticks: int) -> int:
        """Move lots without a trade and return what the taker gains, micro-USD.

        Both carry them at the last mark; ``lots`` has the sign of the giver's position.
        """
        mark = int(self.last_mark_ticks[slot])
        assert mark != NO_PRICE, "an open position has no mark price"
        gain = transfer_lots(
            self.state,
            giver=giver,
            taker=taker,
            slot=slot,
            lots=lots,
            price_ticks=price_ticks,
            mark_ticks=mark,
            tick_value_usd_micro=self.tick_value_usd_micro,
        )
        row = np.zeros(1, dtype=TRADE_DTYPE)
        row["buyer"], row["seller"] = (taker, giver) if lots > 0 else (giver, taker)
        row["lots"], row["price_ticks"], row["month"] = abs(lots), price_ticks, slot
        self._transfers.append(row)
        return gain

    def tear_up(self, account: int) -> NDArray[np.bool_]:
        """Close all positions of an account against opposite ones at the mark; return who lost contracts.

        The accounts on the other side give up lots pro rata to what they hold, by largest remainder. Nobody
        gains or loses by it, as all lots are closed at the mark.

        Returns
        -------
        array of bool, shape (n_accounts,)
            Accounts whose contracts were torn up.
        """
        torn_from = np.zeros(len(self.lots), dtype=np.bool_)
        for slot in np.flatnonzero(self.lots[account]).tolist():
            held = int(self.lots[account, slot])
            sign, mark = (1 if held > 0 else -1), int(self.last_mark_ticks[slot])
            against = np.maximum(-self.lots[:, slot] * sign, 0)
            lots_of = allocate_largest_remainder(abs(held), against)
            assert (lots_of <= against).all(), "a counterparty loses more lots than it has"
            torn_from |= lots_of > 0
            for counterparty in np.flatnonzero(lots_of).tolist():
                lots = sign * int(lots_of[counterparty])
                gained = self.transfer(
                    giver=account, taker=counterparty, slot=slot, lots=lots, price_ticks=mark
                )
                assert gained == 0, "somebody gains by a tear-up at the mark"
        assert not self.lots[account].any(), "a torn-up account keeps a position"
        return torn_from

    def drain_transfers(self) -> NDArray[np.void]:
        """Return the moves without a trade since the last drain (``TRADE_DTYPE``; ``month`` is the slot)."""
        drained = np.concatenate([np.zeros(0, dtype=TRADE_DTYPE), *self._transfers])
        self._transfers.clear()
        return drained

    def check(self) -> None:
        """Assert that longs equal shorts in every month."""
        check_positions(self.state)

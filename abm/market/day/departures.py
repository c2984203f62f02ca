"""Traders that leave while the market runs: they stop, their orders go, their positions stay accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.core.orders import CancelCause
from abm.exchange import Exchange


class Departures:
    """Who has left, and what that means for its orders.

    Parameters
    ----------
    exchange : Exchange
        Where their orders rest.
    populations : list of Population
        All classes, in account order.
    """

    def __init__(self, exchange: Exchange, populations: list[Population]) -> None:
        self._exchange, self._populations = exchange, populations
        self._has_left: NDArray[np.bool_] = np.zeros(exchange.n_accounts, dtype=np.bool_)
        self._nobody_left = True
        self._is_result_read = False
        self._waiting: list[int] = []

    def leave(self, account: int) -> None:
        """Stop a trader of its own will: its orders go at once, and it sends nothing any more."""
        self._has_left[account] = True
        self._nobody_left = False
        self._stop_trader(account)
        if self._is_result_read:
            self._waiting.append(account)
        else:
            self.pull_orders(account)

    def suspend(self, account: int) -> None:
        """Pull a defaulter's orders and stop its trader."""
        self.pull_orders(account)
        self._stop_trader(account)

    def pull_orders(self, account: int) -> None:
        """Cancel all orders of an account."""
        self._exchange.cancel_account(account, CancelCause.SUSPENSION)

    @contextmanager
    def after_reading(self) -> Iterator[None]:
        """Leave the orders of those who leave meanwhile until the round's result has been read.

        The arrays of a result are the exchange's own: a cancellation would write into them.
        """
        self._is_result_read = True
        try:
            yield
        finally:
            self._is_result_read = False
            for account in self._waiting:
                self.pull_orders(account)
            self._waiting.clear()

    def without_their_messages(self, batch: NDArray[Any]) -> NDArray[Any]:
        """Return a batch without what those who have left had sent; close-outs are the clearing house's."""
        if self._nobody_left:
            return batch
        dropped = self._has_left[batch["account"]] & (batch["close_out"] == 0)
        return batch[~dropped] if dropped.any() else batch

    def update_digest(self, digest: Any) -> None:
        """Feed who has left into the state hash, once somebody has."""
        if not self._nobody_left:
            digest.update(np.flatnonzero(self._has_left).tobytes())

    def _stop_trader(self, account: int) -> None:
        owner = next(p for p in self._populations if account < p.first_account + p.count)
        owner.suspend(account)

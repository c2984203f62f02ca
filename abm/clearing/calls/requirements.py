"""What margin is required: the margin model's initial margin, and the maintenance margin below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.margin_models.interface import MarginDay, MarginModel
from abm.clearing.terms import ClearingRules
from abm.core.money import BPS, scale_up


class Requirements:
    """Margin required of positions by the margin model as of the last settlement it was shown.

    Parameters
    ----------
    books : Books
        Positions held, and who is a client.
    model : MarginModel
        Initial-margin model.
    rules : ClearingRules
        Ratios of initial to maintenance margin.

    Attributes
    ----------
    model : MarginModel
        As given.
    """

    def __init__(self, books: Books, model: MarginModel, rules: ClearingRules) -> None:
        self.model = model
        self._books, self._rules = books, rules
        self._per_lot: NDArray[np.int64] | None = None

    @property
    def is_set(self) -> bool:
        """Whether a settlement has been shown to the model."""
        return self._per_lot is not None

    @property
    def per_lot_usd_micro(self) -> NDArray[np.int64]:
        """Initial margin of one outright lot, shape (n_slots,)."""
        assert self._per_lot is not None, "set_margin has not been called"
        return self._per_lot

    def observe(self, day: MarginDay) -> None:
        """Show the model a settlement and take its margin per lot; both hold until the next call."""
        self.model.observe(day)
        self._take_margin_per_lot()

    def change_model(self, model: MarginModel) -> None:
        """Ask margin by another model from now on, which has seen the settlements so far."""
        self.model = model
        self._take_margin_per_lot()

    def _take_margin_per_lot(self) -> None:
        per_lot = self.model.per_lot_usd_micro()
        assert (per_lot >= 0).all(), "a margin per lot is negative"
        self._per_lot = per_lot

    def of(self, position_lots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the initial margin of positions, held or not, shape (rows,) for (rows, n_slots) lots."""
        assert self._per_lot is not None, "set_margin has not been called"
        return self.model.per_account_usd_micro(position_lots)

    def initial(self) -> NDArray[np.int64]:
        """Return the initial margin of each account's positions, shape (n_accounts,)."""
        return self.of(self._books.positions.lots)

    def maintenance_of(self, initial_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the equity below which an account is called: initial margin over its ratio, rounded up.

        By default it equals the initial margin for a member's own account.
        """
        return np.where(
            self._books.register.is_client,
            scale_up(initial_usd_micro, BPS, self._rules.client_ratio_bps),
            scale_up(initial_usd_micro, BPS, self._rules.member_ratio_bps),
        )

    def amounts_due(self, initial_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what restores initial margin where equity is below maintenance; zero elsewhere.

        An account in default is no longer called.
        """
        equity = self._books.ledger.collateral_usd_micro
        below = equity < self.maintenance_of(initial_usd_micro)
        due = np.where(below, initial_usd_micro - equity, 0)
        return np.where(self._books.register.in_default, 0, due)

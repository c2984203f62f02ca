"""What trading costs besides margin: fees and their terms, levies, and the pay of market makers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.fees import pay_from_revenue, post_accrued_fees, post_levy
from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO, PostingKind
from abm.clearing.books.records import ClearingRecords
from abm.clearing.terms import require_column, require_not_negative
from abm.core.arguments import row_number, whole_number
from abm.core.errors import ParameterError


class Charges(ClearingRecords):
    """The part of the clearing house that charges and pays accounts for trading."""

    def set_fees(
        self,
        *,
        maker_fee_usd_micro: NDArray[np.int64],
        taker_fee_usd_micro: NDArray[np.int64],
        auction_fee_usd_micro: NDArray[np.int64],
    ) -> None:
        """Set the fees of trades booked from now on; what has accrued stays as it is.

        Parameters
        ----------
        maker_fee_usd_micro, taker_fee_usd_micro, auction_fee_usd_micro : array of int64, shape (n_accounts,)
            Fee per lot of a resting order, of an incoming order, and of either side in an auction; a negative
            fee is a rebate.

        Raises
        ------
        ParameterError
            If an array is not of int64 or not of this shape.
        """
        fees = {
            "maker_fee_usd_micro": maker_fee_usd_micro,
            "taker_fee_usd_micro": taker_fee_usd_micro,
            "auction_fee_usd_micro": auction_fee_usd_micro,
        }
        for name, fee in fees.items():
            require_column("set_fees", name, fee, self.chart.n_accounts, np.int64)
        # Copies, as of the first terms: the kernel keeps one type signature, whatever was passed in.
        self._maker_fee_usd_micro = maker_fee_usd_micro.copy()
        self._taker_fee_usd_micro = taker_fee_usd_micro.copy()
        self._auction_fee_usd_micro = auction_fee_usd_micro.copy()

    def change_maker_fee(self, account: int, fee_usd_micro: int) -> None:
        """Set what one account pays for each lot of a resting order from now on; negative is a rebate."""
        row = row_number("account", account, self.chart.n_accounts)
        self._maker_fee_usd_micro[row] = whole_number("fee_usd_micro", fee_usd_micro)

    def levy(self, amount_usd_micro: NDArray[np.int64], *, now_round: int) -> NDArray[np.int64]:
        """Take a levy, such as a tax on transactions, from collateral to the outside world.

        Like a loss it may take collateral below zero, which the next margin cycle calls. An account whose
        close-out has ended has nothing left and pays nothing.

        Parameters
        ----------
        amount_usd_micro : array of int64, shape (n_accounts,)
            Levy of each account, not negative.
        now_round : int
            Absolute round.

        Returns
        -------
        array of int64, shape (n_accounts,)
            What was taken, micro-USD.

        Raises
        ------
        ParameterError
            If the array is not of int64, not of this shape, or an amount is negative or 2**62 and more.
        """
        require_column("levy", "amount_usd_micro", amount_usd_micro, self.chart.n_accounts, np.int64)
        require_not_negative("levy", "amount_usd_micro", amount_usd_micro)
        if int(amount_usd_micro.max(initial=0)) >= MONEY_BOUND_USD_MICRO:
            raise ParameterError(f"levy.amount_usd_micro: {int(amount_usd_micro.max())} is not < 2**62")
        self._round = now_round
        closed_out = self._defaults.in_default & ~self._defaults.closing
        taken = np.where(closed_out, 0, amount_usd_micro)
        post_levy(self._ledger, taken, now_round=now_round)
        self._levies += taken
        self.check()
        return taken

    def charge_fees(self) -> None:
        """Post the fees and rebates accrued by trading between collateral and exchange revenue."""
        self._charge_fees(np.ones(self.chart.n_accounts, dtype=np.bool_))
        self.check()

    def _charge_fees(self, charged: NDArray[np.bool_]) -> None:
        self._fees += post_accrued_fees(self._ledger, self._positions, charged, now_round=self._round)

    def pay(
        self, account: int, amount_usd_micro: int, kind: PostingKind = PostingKind.MARKET_MAKER_STIPEND
    ) -> int:
        """Pay a market maker out of exchange revenue, as far as that goes, and return what was paid.

        Parameters
        ----------
        account : int
            Receives the pay as collateral; an account in default receives nothing.
        amount_usd_micro : int
            Pay due, not negative.
        kind : PostingKind
            ``MARKET_MAKER_STIPEND`` or ``MARKET_MAKER_REVENUE_SHARE``.

        Raises
        ------
        ParameterError
            If the amount is negative or the kind is another one.
        """
        account = row_number("account", account, self.chart.n_accounts)
        amount_usd_micro = whole_number("amount_usd_micro", amount_usd_micro)
        due = 0 if self._defaults.in_default[account] else amount_usd_micro
        paid = pay_from_revenue(self._ledger, account, due, kind, now_round=self._round)
        self._pay[account] += paid
        self.check()
        return paid

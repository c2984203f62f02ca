"""What trading costs besides margin: fees and their terms, levies, and the pay of market makers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO, PAY_KINDS, Ledger, PostingKind
from abm.clearing.books.positions import PositionState
from abm.clearing.terms import AccountTerms, require_column, require_not_negative
from abm.core.arguments import row_number, whole_number
from abm.core.errors import ParameterError


class FeeSchedule(NamedTuple):
    """Fees per lot by account, arrays of int64 of shape (n_accounts,); a negative fee is a rebate."""

    maker_fee_usd_micro: NDArray[np.int64]
    taker_fee_usd_micro: NDArray[np.int64]
    auction_fee_usd_micro: NDArray[np.int64]


class Charges:
    """Charges accounts for trading, and pays them for making a market.

    Parameters
    ----------
    ledger : Ledger
        Where it is posted.
    accounts : AccountTerms
        Fees at the start.

    Attributes
    ----------
    schedule : FeeSchedule
        Fees of trades from now on.
    fees_usd_micro, levies_usd_micro, pay_usd_micro : array of int64, shape (n_accounts,)
        Posted to each account since the start; fees are less rebates.
    """

    def __init__(self, ledger: Ledger, accounts: AccountTerms) -> None:
        self._ledger = ledger
        auction_fee = accounts.auction_fee_usd_micro
        self.schedule = _copied(
            accounts.maker_fee_usd_micro,
            accounts.taker_fee_usd_micro,
            accounts.maker_fee_usd_micro if auction_fee is None else auction_fee,
        )
        self.fees_usd_micro = np.zeros(accounts.count, dtype=np.int64)
        self.levies_usd_micro = np.zeros(accounts.count, dtype=np.int64)
        self.pay_usd_micro = np.zeros(accounts.count, dtype=np.int64)

    def set_fees(
        self,
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
        fees = FeeSchedule(maker_fee_usd_micro, taker_fee_usd_micro, auction_fee_usd_micro)
        for name, fee in fees._asdict().items():
            require_column("set_fees", name, fee, self._ledger.chart.n_accounts, np.int64)
        self.schedule = _copied(*fees)

    def change_maker_fee(self, account: int, fee_usd_micro: int) -> None:
        """Set the maker fee of one account from now on."""
        row = row_number("account", account, self._ledger.chart.n_accounts)
        self.schedule.maker_fee_usd_micro[row] = whole_number("fee_usd_micro", fee_usd_micro)

    def charge_fees(
        self, accrued: PositionState, charged: NDArray[np.bool_] | None = None, *, now_round: int
    ) -> None:
        """Post the fees and rebates that trading accrued for the accounts marked True, by default for all."""
        ledger, chart = self._ledger, self._ledger.chart
        if charged is None:
            charged = np.ones(chart.n_accounts, dtype=np.bool_)
        collateral, revenue = chart.rows(chart.collateral), chart.fee_revenue
        fees = np.where(charged, accrued.accrued_fee_usd_micro, 0)
        rebates = np.where(charged, accrued.accrued_rebate_usd_micro, 0)
        for kind, debit, credit, amount in (
            (PostingKind.FEE, collateral, revenue, fees),
            (PostingKind.REBATE, revenue, collateral, rebates),
        ):
            ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=now_round)
        accrued.accrued_fee_usd_micro[charged] = 0
        accrued.accrued_rebate_usd_micro[charged] = 0
        self.fees_usd_micro += fees - rebates

    def levy(
        self, amount_usd_micro: NDArray[np.int64], exempt: NDArray[np.bool_], *, now_round: int
    ) -> NDArray[np.int64]:
        """Take a levy, such as a tax on transactions, from collateral to the outside world.

        Like a loss it may take collateral below zero, which the next margin cycle calls.

        Parameters
        ----------
        amount_usd_micro : array of int64, shape (n_accounts,)
            Levy of each account, not negative.
        exempt : array of bool, shape (n_accounts,)
            Accounts that pay nothing: those whose close-out has ended have nothing left.
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
        chart = self._ledger.chart
        require_column("levy", "amount_usd_micro", amount_usd_micro, chart.n_accounts, np.int64)
        require_not_negative("levy", "amount_usd_micro", amount_usd_micro)
        if int(amount_usd_micro.max(initial=0)) >= MONEY_BOUND_USD_MICRO:
            raise ParameterError(f"levy.amount_usd_micro: {int(amount_usd_micro.max())} is not < 2**62")
        taken = np.where(exempt, 0, amount_usd_micro)
        self._ledger.post(
            PostingKind.LEVY,
            debit=chart.rows(chart.collateral),
            credit=chart.external,
            amount_usd_micro=taken,
            now_round=now_round,
        )
        self.levies_usd_micro += taken
        return taken

    def pay(
        self,
        account: int,
        amount_usd_micro: int,
        kind: PostingKind,
        *,
        barred: NDArray[np.bool_],
        now_round: int,
    ) -> int:
        """Pay a market maker out of exchange revenue, as far as that goes, and return what was paid.

        Parameters
        ----------
        account : int
            Receives the pay as collateral.
        amount_usd_micro : int
            Pay due, not negative.
        kind : PostingKind
            ``MARKET_MAKER_STIPEND`` or ``MARKET_MAKER_REVENUE_SHARE``.
        barred : array of bool, shape (n_accounts,)
            Accounts that receive nothing: those in default.
        now_round : int
            Absolute round.

        Raises
        ------
        ParameterError
            If the amount is negative or the kind is another one.
        """
        ledger, chart = self._ledger, self._ledger.chart
        account = row_number("account", account, chart.n_accounts)
        amount_usd_micro = whole_number("amount_usd_micro", amount_usd_micro)
        due = 0 if barred[account] else amount_usd_micro
        if due < 0:
            raise ParameterError(f"pay of account {account}: {due} micro-USD is not >= 0")
        if kind not in PAY_KINDS:
            raise ParameterError(
                f"pay of account {account}: kind {kind.name} is not one of {[pay.name for pay in PAY_KINDS]}"
            )
        # Rebates above fees can leave revenue negative: then there is nothing to pay from.
        paid = min(due, max(0, ledger.fee_revenue_usd_micro))
        ledger.post(
            kind,
            debit=chart.fee_revenue,
            credit=chart.collateral.start + account,
            amount_usd_micro=paid,
            now_round=now_round,
        )
        self.pay_usd_micro[account] += paid
        return paid


def _copied(maker: NDArray[np.int64], taker: NDArray[np.int64], auction: NDArray[np.int64]) -> FeeSchedule:
    # Copies are writable and contiguous whatever was passed in: the kernel keeps one type signature.
    return FeeSchedule(maker.copy(), taker.copy(), auction.copy())

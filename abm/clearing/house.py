"""The clearing house: central counterparty to every trade, from booking to default management."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing import funding
from abm.clearing.close_out import DefaultEvent, close_out_slices, declare_default
from abm.clearing.fees import pay_from_revenue, post_accrued_fees
from abm.clearing.funding import MarginCall
from abm.clearing.ledger import PostingKind
from abm.clearing.positions import mark_positions, novate_trades, settle_slot
from abm.clearing.records import ClearingRecords
from abm.clearing.rounding import scale_up
from abm.clearing.waterfall import WaterfallResult, finish_close_out
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE

_BPS = 10_000


class ClearingHouse(ClearingRecords):
    """Central counterparty of all trades, with its ledger, margin and default waterfall.

    Accounts are numbered 0 .. n_accounts - 1, month slots are months modulo ``n_slots``, rounds are absolute.
    A usual day: ``book_trades`` every round; at a margin cycle ``mark_to_market``, ``margin_cycle``,
    ``process_deadlines``, ``finish_close_outs``; at the close also ``set_margin``, ``charge_fees``,
    ``daily_interest`` and ``sweep_excess``. Equity is collateral, so margin is always judged as of the last
    mark; every operation that moves money ends in ``check``.

    Parameters
    ----------
    contract : ContractSpec
        What is traded.
    n_slots : int
        Months listed at a time.
    accounts : AccountTerms
        Terms of the traders.
    members : MemberTerms
        Resources of the clearing members.
    rules : ClearingRules
        Rules of the house.
    margin : MarginModel
        Initial-margin model.
    journal : bool
        Keep every posting for ``drain_postings``.

    Raises
    ------
    ParameterError
        If an account names a member that does not exist or ``n_slots`` is not positive.
    """

    def _post(
        self,
        kind: PostingKind,
        debit: NDArray[np.int64] | int,
        credit: NDArray[np.int64] | int,
        amount: NDArray[np.int64] | int,
    ) -> None:
        self._ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=self._round)

    @property
    def _collateral(self) -> NDArray[np.int64]:
        return self._ledger.balance_usd_micro[self.chart.collateral]

    def book_trades(self, trades: NDArray[np.void]) -> None:
        """Step into every trade as the counterparty of both sides.

        Parameters
        ----------
        trades : array of TRADE_DTYPE, shape (k,)
            Executions in any order; positions, carried values, fee accruals and lots traded are updated.
        """
        if len(trades) == 0:
            return
        # A copy is writable and contiguous whatever was passed in: the kernel keeps one type signature.
        impossible = novate_trades(
            trades.copy(), self._positions, self._maker_fee_usd_micro, self._taker_fee_usd_micro
        )
        assert impossible == -1, f"trade {trades[impossible]} cannot be booked"

    def mark_to_market(self, mark_ticks: NDArray[np.int64], *, now_round: int) -> NDArray[np.int64]:
        """Mark every open position and pay variation margin: losses are debited before gains are credited.

        A loss may take collateral below zero: that is a claim of the house, which the next margin cycle
        calls; gains are paid in full.

        Parameters
        ----------
        mark_ticks : array of int64, shape (n_slots,)
            Mark price per slot; ``NO_PRICE`` where nobody holds a position.
        now_round : int
            Absolute round.

        Returns
        -------
        array of int64, shape (n_accounts,)
            Variation margin in micro-USD; sums to zero, also within each month.
        """
        self._round = now_round
        by_slot = mark_positions(self._positions, mark_ticks, self.contract.tick_value_usd_micro)
        return self._exchange_variation(PostingKind.VARIATION_MARGIN, by_slot.sum(axis=1))

    def final_settlement(self, slot: int, final_ticks: int) -> NDArray[np.int64]:
        """Pay the last variation margin of a month at its final price; its positions go to zero.

        Parameters
        ----------
        slot : int
            Slot of the expiring month.
        final_ticks : int
            Final settlement price.

        Returns
        -------
        array of int64, shape (n_accounts,)
            Micro-USD gained since the last mark; sums to zero.
        """
        last = settle_slot(self._positions, slot, final_ticks, self.contract.tick_value_usd_micro)
        return self._exchange_variation(PostingKind.FINAL_SETTLEMENT, last)

    def _exchange_variation(self, kind: PostingKind, variation: NDArray[np.int64]) -> NDArray[np.int64]:
        collateral, transit = self.chart.rows(self.chart.collateral), self.chart.variation_clearing
        self._post(kind, collateral, transit, np.maximum(-variation, 0))
        self._post(kind, transit, collateral, np.maximum(variation, 0))
        self._variation += variation
        self.check()
        return variation

    def set_margin(
        self,
        settlement_ticks: NDArray[np.int64],
        tenor: NDArray[np.int64],
        remaining_share_bps: NDArray[np.int64] | None = None,
    ) -> None:
        """Compute the initial margin per lot from settlement prices; it holds until the next call.

        Parameters
        ----------
        settlement_ticks : array of int64, shape (n_slots,)
            Settlement price of every listed month.
        tenor : array of int64, shape (n_slots,)
            Months to delivery.
        remaining_share_bps : array of int64, shape (n_slots,), optional
            Share of the month's fixings still to come, in basis points; all by default.

        Raises
        ------
        ParameterError
            If a slot has no settlement price.
        """
        if np.any(settlement_ticks == NO_PRICE):
            at = int(np.argmax(settlement_ticks == NO_PRICE))
            raise ParameterError(f"settlement_ticks[{at}]: NO_PRICE is not a settlement price")
        if remaining_share_bps is None:
            remaining_share_bps = np.full(len(settlement_ticks), _BPS, dtype=np.int64)
        per_lot = self._margin.per_lot_usd_micro(
            contract=self.contract,
            settlement_ticks=settlement_ticks,
            tenor=tenor,
            remaining_share_bps=remaining_share_bps,
        )
        assert (per_lot >= 0).all(), "a margin per lot is negative"
        self._margin_per_lot = per_lot

    def _amounts_due(self) -> NDArray[np.int64]:
        due = funding.amounts_due(self._collateral, self.initial_margin(), self.maintenance_margin())
        return np.where(self._defaults.in_default, 0, due)

    def margin_cycle(self, *, now_round: int) -> list[MarginCall]:
        """Call every account whose equity is below maintenance for what restores its initial margin.

        A call is met at once from bank cash, then from the credit line, as far as they go; the remainder is
        outstanding until the deadline. An outstanding call is computed afresh, keeps its deadline, and
        lapses where equity is back at maintenance.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of MarginCall
            The calls of this cycle, by account.
        """
        self._round = now_round
        due = self._amounts_due()
        met_cash, met_credit = funding.pay_in(self._ledger, self._terms, due, now_round=now_round)
        made = funding.register_calls(
            self._calls,
            due,
            met_cash,
            met_credit,
            self._member,
            now_round=now_round,
            deadline_rounds=self.rules.call_deadline_rounds,
        )
        self.check()
        return made

    def process_deadlines(self, *, now_round: int) -> list[DefaultEvent]:
        """Put accounts into default that are still below maintenance when their call's deadline has come.

        The call is computed afresh and cash and credit are tried once more; it lapses where equity is then
        at or above maintenance. The market must cancel the orders of the accounts returned here.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of DefaultEvent
            New defaults, by account.
        """
        self._round = now_round
        calls = self._calls
        overdue = (calls.outstanding_usd_micro > 0) & (calls.deadline_round <= now_round)
        if not overdue.any():
            return []
        due = np.where(overdue, self._amounts_due(), 0)
        funding.pay_in(self._ledger, self._terms, due, now_round=now_round)
        still_due = self._amounts_due()
        failed = np.flatnonzero(overdue & (still_due > 0))
        declare_default(self._defaults, failed, self._positions.position_lots)
        events = [
            DefaultEvent(
                round=now_round,
                account=account,
                member=int(self._member[account]),
                shortfall_usd_micro=int(still_due[account]),
                deadline_round=int(calls.deadline_round[account]),
            )
            for account in failed.tolist()
        ]
        calls.clear(overdue)
        self.check()
        return events

    def close_out_orders(
        self,
        *,
        best_bid_ticks: NDArray[np.int64],
        best_ask_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        months: NDArray[np.int64],
        first_order_id: int,
    ) -> NDArray[np.void]:
        """Return this round's close-out orders for the accounts in default, for the market to submit.

        Parameters
        ----------
        best_bid_ticks, best_ask_ticks : array of int64, shape (n_slots,)
            Best prices; ``NO_PRICE`` on an empty side, where the close-out waits.
        low_ticks, high_ticks : array of int64, shape (n_slots,)
            Price limits of the day.
        months : array of int64, shape (n_slots,)
            Absolute month of each slot.
        first_order_id : int
            The orders are numbered from here.

        Returns
        -------
        array of ORDER_DTYPE
            Immediate-or-cancel limit orders marked ``close_out``, by account and slot; ``arrival`` is zero.
        """
        return close_out_slices(
            self._defaults,
            self._positions.position_lots,
            best_bid_ticks=best_bid_ticks,
            best_ask_ticks=best_ask_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            months=months,
            first_order_id=first_order_id,
            slice_share=self.rules.close_out_slice_share,
            protection=self.rules.close_out_protection,
        )

    def finish_close_outs(self, *, now_round: int) -> list[WaterfallResult]:
        """Settle the accounts in default that are flat and marked to market.

        A loss goes down the waterfall, a surplus back to the estate; fees still owed are charged first. The
        market must cancel the orders of ``own_accounts_in_default`` in each result.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of WaterfallResult
            One per finished account, in the order of accounts.
        """
        self._round = now_round
        state, positions = self._defaults, self._positions
        unsettled = positions.position_lots.any(axis=1) | positions.carried_ticks.any(axis=1)
        flat = state.closing & ~unsettled
        if not flat.any():
            return []
        self._charge_fees(flat)
        results = [
            finish_close_out(
                self._ledger,
                state,
                self._member,
                self._terms.is_client,
                positions.position_lots,
                account,
                now_round=now_round,
            )
            for account in np.flatnonzero(flat).tolist()
        ]
        self._calls.clear(state.in_default)
        self.check()
        return results

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
        due = 0 if self._defaults.in_default[account] else amount_usd_micro
        paid = pay_from_revenue(self._ledger, account, due, kind, now_round=self._round)
        self.check()
        return paid

    def daily_interest(self) -> NDArray[np.int64]:
        """Charge a day's interest on drawn credit lines and return it, micro-USD, shape (n_accounts,).

        Interest that bank cash does not cover is added to the debt; it stops when an account defaults.
        """
        interest = funding.charge_interest(
            self._ledger,
            self._terms,
            self.may_trade,
            days_per_year=self.rules.days_per_year,
            now_round=self._round,
        )
        self.check()
        return interest

    def sweep_excess(self) -> NDArray[np.int64]:
        """Return collateral above initial margin times one plus the buffer, micro-USD, shape (n_accounts,).

        It repays drawn credit first; the rest goes to bank cash. Accounts in default get nothing back.
        """
        kept = scale_up(self.initial_margin(), _BPS + self.rules.excess_buffer_bps, _BPS)
        excess = np.where(self._defaults.in_default, 0, np.maximum(self._collateral - kept, 0))
        funding.return_excess(self._ledger, excess, now_round=self._round)
        self.check()
        return excess

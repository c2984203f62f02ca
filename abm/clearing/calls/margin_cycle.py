"""The margin cycle: marks and variation margin, requirements, calls, interest, and the return of excess."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.charges import Charges
from abm.clearing.books.ledger import PostingKind
from abm.clearing.books.positions import mark_positions, settle_slot
from abm.clearing.calls import funding
from abm.clearing.calls.call_causes import CallCauses, call_causes
from abm.clearing.calls.funding import MarginCall
from abm.clearing.defaults.close_out import NO_GRACE
from abm.clearing.defaults.recovery import forget_gains_if_matched
from abm.clearing.margin_models import MarginDay
from abm.core.arguments import row_number, whole_number
from abm.core.money import scale_up
from abm.core.orders import NO_PRICE

_BPS = 10_000


class MarginCycles(Charges):
    """The part of the clearing house that marks positions and calls for margin."""

    def _post(
        self,
        kind: PostingKind,
        debit: NDArray[np.int64] | int,
        credit: NDArray[np.int64] | int,
        amount: NDArray[np.int64] | int,
    ) -> None:
        self._ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=self._round)

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
        gain = mark_positions(self._positions, mark_ticks, self.contract.tick_value_usd_micro)
        self._last_mark_ticks[:] = mark_ticks
        return self._exchange_variation(PostingKind.VARIATION_MARGIN, gain)

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
        slot = row_number("slot", slot, self._positions.position_lots.shape[1])
        final_ticks = whole_number("final_ticks", final_ticks)
        last = settle_slot(self._positions, slot, final_ticks, self.contract.tick_value_usd_micro)
        self._last_mark_ticks[slot] = NO_PRICE
        if self._last_cycle.position_lots[:, slot].any():
            kept = self._last_cycle.position_lots.copy()
            kept[:, slot] = 0
            self._last_cycle.expire(slot, self._requirement(kept))
        return self._exchange_variation(PostingKind.FINAL_SETTLEMENT, last)

    def _exchange_variation(self, kind: PostingKind, variation: NDArray[np.int64]) -> NDArray[np.int64]:
        collateral, transit = self.chart.rows(self.chart.collateral), self.chart.variation_clearing
        # Before and after: a debt can end by a call that is met, or by the variation itself.
        forget_gains_if_matched(self._recovery, self._collateral)
        self._recovery.gains_usd_micro[:] += variation
        self._post(kind, collateral, transit, np.maximum(-variation, 0))
        self._post(kind, transit, collateral, np.maximum(variation, 0))
        forget_gains_if_matched(self._recovery, self._collateral)
        self._variation += variation
        self.check()
        return variation

    def set_margin(self, day: MarginDay) -> None:
        """Show the margin model a settlement and take its margin per lot; both hold until the next call.

        Parameters
        ----------
        day : MarginDay
            Settlement prices and what else the model may see; the first call is the state before trading.
        """
        self._margin.observe(day)
        per_lot = self._margin.per_lot_usd_micro()
        assert (per_lot >= 0).all(), "a margin per lot is negative"
        self._margin_per_lot = per_lot

    def _amounts_due(self, initial_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        maintenance = self._maintenance_of(initial_usd_micro)
        due = funding.amounts_due(self._collateral, initial_usd_micro, maintenance)
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
        requirement = self.initial_margin()
        due = self._amounts_due(requirement)
        causes = self._explain(due, requirement)
        met_cash, met_credit = funding.pay_in(self._ledger, self._terms, due, now_round=now_round)
        made = funding.register_calls(
            self._calls,
            due,
            met_cash,
            met_credit,
            self._member,
            causes,
            now_round=now_round,
            deadline_rounds=self.rules.call_deadline_rounds,
        )
        self._end_reductions(self._calls.outstanding_usd_micro == 0)
        self._next_deadline_round = self._calls.next_deadline_round()
        self.check()
        return made

    def _explain(
        self, due_usd_micro: NDArray[np.int64], requirement: NDArray[np.int64]
    ) -> dict[int, CallCauses]:
        """Return why each account with something due is called; note what the next cycle compares with."""
        before, lots = self._last_cycle, self._positions.position_lots
        causes: dict[int, CallCauses] = {}
        if due_usd_micro.any():
            # All accounts, though few are asked about: models remember unchanged portfolios by row.
            held = np.where(due_usd_micro[:, np.newaxis] > 0, before.position_lots, lots)
            causes = call_causes(
                due_usd_micro,
                before,
                requirement_usd_micro=requirement,
                requirement_of_held_usd_micro=self._requirement(held),
                variation_usd_micro=self._variation,
            )
        before.keep(lots, requirement, self._variation)
        return causes

    def _end_reductions(self, met: NDArray[np.bool_]) -> None:
        self._reductions.grace_until_round[met] = NO_GRACE

    def needs_ad_hoc_call(self, mark_ticks: NDArray[np.int64]) -> bool:
        """Say whether an account has lost so much since the last mark that an extra margin cycle is due.

        Parameters
        ----------
        mark_ticks : array of int64, shape (n_slots,)
            Prices now; ``NO_PRICE`` where nobody holds a position.
        """
        share_bps = self.rules.ad_hoc_call_loss_share_bps
        if share_bps == 0:
            return False
        positions = self._positions
        value_ticks = positions.position_lots * np.where(mark_ticks == NO_PRICE, 0, mark_ticks)
        unpaid_ticks = (positions.carried_ticks - value_ticks).sum(axis=1)
        loss = np.maximum(unpaid_ticks, 0) * self.contract.tick_value_usd_micro
        allowed = scale_up(self.initial_margin(), share_bps, _BPS)
        return bool(np.any((loss > allowed) & ~self._defaults.in_default))

    def daily_interest(self) -> NDArray[np.int64]:
        """Charge a day's interest on drawn credit lines and return it, micro-USD, shape (n_accounts,).

        Interest that bank cash does not cover is added to the debt; it stops when an account defaults. Where
        the rules pay interest on collateral, that is paid too (see ``collateral_interest_usd_micro``).
        """
        performing = ~self._defaults.in_default
        interest = funding.charge_interest(
            self._ledger,
            self._terms,
            performing,
            days_per_year=self.rules.days_per_year,
            now_round=self._round,
        )
        self._credit_interest += interest
        self._collateral_interest += funding.pay_collateral_interest(
            self._ledger,
            self.rules.collateral_rate_per_year_bps,
            performing,
            days_per_year=self.rules.days_per_year,
            now_round=self._round,
        )
        self.check()
        return interest

    def sweep_excess(self) -> NDArray[np.int64]:
        """Return collateral above initial margin times one plus the buffer, micro-USD, shape (n_accounts,).

        It repays drawn credit first; the rest goes to bank cash. Accounts in default get nothing back. Gains
        that the end of the waterfall may still cut stay while anybody owes the house.
        """
        kept = scale_up(self.initial_margin(), _BPS + self.rules.excess_buffer_bps, _BPS)
        if self.rules.may_cut_gains and (self._collateral < 0).any():
            kept += np.maximum(self._recovery.gains_usd_micro - self._recovery.cut_usd_micro, 0)
        excess = np.where(self._defaults.in_default, 0, np.maximum(self._collateral - kept, 0))
        funding.return_excess(self._ledger, excess, now_round=self._round)
        self.check()
        return excess

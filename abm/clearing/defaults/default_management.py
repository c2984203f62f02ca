"""Default management: deadlines, forced reduction, close-out, auction, tear-up and the waterfall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import PostingKind
from abm.clearing.books.positions import transfer_lots
from abm.clearing.calls import funding
from abm.clearing.calls.margin_cycle import MarginCycles
from abm.clearing.defaults.auction import Bid, bid_for, own_accounts_of_survivors, winning_bid
from abm.clearing.defaults.close_out import (
    NO_GRACE,
    DefaultEvent,
    ReductionNotice,
    close_out_slices,
    declare_default,
    lots_beyond_equity,
)
from abm.clearing.defaults.recovery import tear_up_position
from abm.clearing.defaults.waterfall import DefaultBooks, WaterfallResult, finish_close_out, resources_for
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, TRADE_DTYPE


class DefaultManagement(MarginCycles):
    """The part of the clearing house that deals with accounts and members that do not pay."""

    @property
    def _books(self) -> DefaultBooks:
        return DefaultBooks(
            ledger=self._ledger,
            rules=self.rules,
            defaults=self._defaults,
            recovery=self._recovery,
            positions=self._positions,
            member_of=self._member,
            is_client=self._terms.is_client,
        )

    def process_deadlines(self, *, now_round: int) -> list[DefaultEvent]:
        """Put accounts into default that are still below maintenance when their call's deadline has come.

        The call is computed afresh, and all cash and credit are tried once more; it lapses where equity is
        then at or above maintenance. Under a rule of forced reduction an account with positions is reduced
        first, and defaults when its grace is over (see ``drain_reduction_notices``). The market must cancel
        the orders of the accounts returned here.

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
        calls, reductions = self._calls, self._reductions
        self._reducing_changed = False
        if now_round < self._next_deadline_round:
            return []
        overdue = (calls.outstanding_usd_micro > 0) & (calls.deadline_round <= now_round)
        reducing = reductions.reducing
        requirement = self.initial_margin()
        due = np.where(overdue, self._amounts_due(requirement), 0)
        funding.pay_in(self._ledger, self._terms, due, now_round=now_round, last_chance=True)
        still_due = np.where(overdue, self._amounts_due(requirement), 0)
        self._end_reductions(overdue & (still_due == 0))
        self._begin_reductions(still_due)
        failed = np.flatnonzero((still_due > 0) & (now_round >= reductions.grace_until_round))
        auction = self.rules.close_out_method == "auction"
        declare_default(self._defaults, failed, self._positions.position_lots, auction=auction)
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
        reductions.grace_until_round[failed] = NO_GRACE
        calls.outstanding_usd_micro[overdue] = still_due[overdue]
        calls.clear(overdue & ~reductions.reducing)
        self._next_deadline_round = calls.next_deadline_round()
        self._reducing_changed = not np.array_equal(reducing, reductions.reducing)
        self.check()
        return events

    @property
    def reducing_changed(self) -> bool:
        """Whether the last ``process_deadlines`` began or ended a reduction, so that others may trade now."""
        return self._reducing_changed

    def _begin_reductions(self, still_due_usd_micro: NDArray[np.int64]) -> None:
        if self.rules.reduction_grace_rounds == 0:
            return
        reductions, positions = self._reductions, self._positions.position_lots
        fresh = (still_due_usd_micro > 0) & ~reductions.reducing & positions.any(axis=1)
        reductions.grace_until_round[fresh] = self._round + self.rules.reduction_grace_rounds
        reductions.lots_at_start[fresh] = np.abs(positions[fresh])
        self._reduction_notices += [
            ReductionNotice(
                round=self._round,
                account=account,
                member=int(self._member[account]),
                shortfall_usd_micro=int(still_due_usd_micro[account]),
                grace_until_round=int(reductions.grace_until_round[account]),
            )
            for account in np.flatnonzero(fresh).tolist()
        ]

    @property
    def has_positions_to_close(self) -> bool:
        """Whether ``close_out_orders`` may have orders for the market: a default or a forced reduction."""
        return bool(self._defaults.closing.any() or self._reductions.reducing.any())

    def close_out_orders(
        self,
        *,
        best_bid_ticks: NDArray[np.int64],
        best_ask_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        months: NDArray[np.int64],
        first_order_id: int,
        bid_lots: NDArray[np.int64] | None = None,
        ask_lots: NDArray[np.int64] | None = None,
    ) -> NDArray[np.void]:
        """Return this round's orders for accounts in default or under reduction, for the market to submit.

        Parameters
        ----------
        best_bid_ticks, best_ask_ticks : array of int64, shape (n_slots,)
            Best prices; ``NO_PRICE`` on an empty side, where the close-out waits.
        low_ticks, high_ticks : array of int64, shape (n_slots,)
            Price limits of the day.
        months : array of int64, shape (n_slots,)
            Absolute month of each slot.
        first_order_id : int
            The orders are numbered from here in steps of two, as all orders are.
        bid_lots, ask_lots : array of int64, shape (n_slots,), optional
            Lots shown at the best prices; needed where the rules limit participation.

        Returns
        -------
        array of ORDER_DTYPE
            Immediate-or-cancel limit orders marked ``close_out``, by account and slot; ``arrival`` is zero.

        Raises
        ------
        ParameterError
            If the rules limit participation and the lots shown are not given.
        """
        if self.rules.close_out_participation > 0.0 and (bid_lots is None or ask_lots is None):
            raise ParameterError("close_out_orders: bid_lots and ask_lots are needed to limit participation")
        defaults, reducing = self._defaults, self._reductions.reducing
        selling = defaults.closing & ~defaults.awaiting_auction
        accounts = np.flatnonzero(selling | reducing)
        to_close = self._positions.position_lots[accounts].copy()
        at_start = defaults.lots_at_default[accounts].copy()
        initial = self.initial_margin() if reducing.any() else None
        for at, account in enumerate(accounts.tolist()):
            if reducing[account] and initial is not None:
                to_close[at] = lots_beyond_equity(
                    to_close[at], int(self._collateral[account]), int(initial[account])
                )
                at_start[at] = self._reductions.lots_at_start[account]
        return close_out_slices(
            accounts,
            to_close,
            at_start,
            best_bid_ticks=best_bid_ticks,
            best_ask_ticks=best_ask_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            months=months,
            first_order_id=first_order_id,
            slice_share=self.rules.close_out_slice_share,
            protection=self.rules.close_out_protection,
            participation=self.rules.close_out_participation,
            bid_lots=bid_lots,
            ask_lots=ask_lots,
        )

    def finish_close_outs(self, *, now_round: int) -> list[WaterfallResult]:
        """Hold the auctions and tear-ups that are due, and settle the accounts in default that are flat.

        A loss goes down the waterfall, a surplus back to the estate; fees still owed are charged first. An
        auction is held in the first cycle after the default. Where the rules tear up contracts, a loss beyond
        all other layers ends the close-out at once. The market must cancel the orders of
        ``own_accounts_in_default`` in each result, and learn of ``drain_transfers``.

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
        state, positions, books = self._defaults, self._positions, self._books
        if not state.closing.any():
            return []
        for account in np.flatnonzero(state.closing & state.awaiting_auction).tolist():
            self._hold_auction(account)
        torn_from: dict[int, NDArray[np.bool_]] = {}
        for account in np.flatnonzero(state.closing).tolist() if self.rules.tear_up else ():
            self._tear_up_if_hopeless(account, torn_from)
        unsettled = positions.position_lots.any(axis=1) | positions.carried_ticks.any(axis=1)
        flat = state.closing & ~unsettled
        if not flat.any():
            return []
        self._charge_fees(flat)
        nobody = np.zeros(self.chart.n_accounts, dtype=np.bool_)
        results = [
            finish_close_out(books, account, torn_from.get(account, nobody), now_round=now_round)
            for account in np.flatnonzero(flat).tolist()
        ]
        for result in results:
            self._deficit_covered[result.account] += result.loss_usd_micro
            for loser, cut in result.gains_cut_usd_micro:
                self._gains_given_up[loser] += cut
        self._calls.clear(state.in_default)
        self._reductions.grace_until_round[state.in_default] = NO_GRACE
        if self._fund_used_round is None and any(
            sum(result.layers) > result.layers.member_capital_usd_micro for result in results
        ):
            self._fund_used_round = now_round
        self.check()
        return results

    def _is_marked(self, account: int) -> bool:
        """Say whether an account has not traded since the last marks, so that it owes nothing else."""
        held = self._positions.position_lots[account]
        priced = self._last_mark_ticks != NO_PRICE
        marked = held * np.where(priced, self._last_mark_ticks, 0) == self._positions.carried_ticks[account]
        return bool((marked & (priced | (held == 0))).all())

    def _hold_auction(self, account: int) -> None:
        """Sell an account's positions to the best bidder that can carry them, if there is one."""
        state, positions = self._defaults, self._positions
        lots = positions.position_lots[account].copy()
        if not self._is_marked(account):
            return  # an own account that failed with its member between two marks: next cycle
        state.awaiting_auction[account] = False
        if not lots.any():
            return
        bids = [
            bid_for(
                lots,
                positions.position_lots[bidder],
                self._last_mark_ticks,
                self.margin_per_lot_usd_micro,
                account=bidder,
                member=int(self._member[bidder]),
                discount_bps=self.rules.auction_discount_bps,
                tick_value_usd_micro=self.contract.tick_value_usd_micro,
            )
            for bidder in own_accounts_of_survivors(
                self._member,
                self._terms.is_client,
                state.in_default,
                state.member_in_default,
                guarantor=int(self._member[account]),
            )
        ]
        won = winning_bid(bids, lambda bid: self._can_carry(bid, lots))
        if won is None:
            return
        state.auction_winner[account] = won.account
        gain = sum(
            self._transfer(account, won.account, slot, int(lots[slot]), int(won.price_ticks[slot]))
            for slot in np.flatnonzero(lots).tolist()
        )
        assert gain == won.discount_usd_micro, "the winner's gain is not the discount of its bid"
        variation = np.zeros(self.chart.n_accounts, dtype=np.int64)
        variation[[account, won.account]] = -gain, gain
        self._exchange_variation(PostingKind.VARIATION_MARGIN, variation)

    def _can_carry(self, bid: Bid, lots: NDArray[np.int64]) -> bool:
        """Say whether a bidder has the money for the initial margin of its positions after the auction."""
        after = self._positions.position_lots[[bid.account]] + lots
        has = (
            int(self._collateral[bid.account])
            + bid.discount_usd_micro
            + int(funding.free_cash(self._ledger, self._terms)[bid.account])
            + int(funding.free_credit(self._ledger, self._terms)[bid.account])
        )
        return has >= int(self._requirement(after)[0])

    def _transfer(self, giver: int, taker: int, slot: int, lots: int, price_ticks: int) -> int:
        gain = transfer_lots(
            self._positions,
            giver=giver,
            taker=taker,
            slot=slot,
            lots=lots,
            price_ticks=price_ticks,
            mark_ticks=int(self._last_mark_ticks[slot]),
            tick_value_usd_micro=self.contract.tick_value_usd_micro,
        )
        self._note_transfer(giver, taker, slot, lots, price_ticks)
        return gain

    def _note_transfer(self, giver: int, taker: int, slot: int, lots: int, price_ticks: int) -> None:
        row = np.zeros(1, dtype=TRADE_DTYPE)
        row["buyer"], row["seller"] = (taker, giver) if lots > 0 else (giver, taker)
        row["lots"], row["price_ticks"], row["month"] = abs(lots), price_ticks, slot
        self._transfers.append(row)

    def _tear_up_if_hopeless(self, account: int, torn_from: dict[int, NDArray[np.bool_]]) -> None:
        """Tear up the positions of a defaulter whose loss so far is beyond all other layers."""
        lots = np.abs(self._positions.position_lots[account])
        if not lots.any() or not self._is_marked(account):
            return
        loss = -int(self._collateral[account])
        if loss <= resources_for(self._books, account).before_tear_up_usd_micro:
            return
        moved = tear_up_position(self._positions, account, self._last_mark_ticks)
        self._defaults.torn_up_lots[account] = int(lots.sum())
        torn_from[account] = np.zeros(self.chart.n_accounts, dtype=np.bool_)
        for counterparty, slot, taken in moved:
            torn_from[account][counterparty] = True
            self._note_transfer(account, counterparty, slot, taken, int(self._last_mark_ticks[slot]))

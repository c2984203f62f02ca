"""Default of an account, and the close-out of its positions.

The clearing house takes over the defaulter's own account row: the positions there are sold off and variation
margin goes on against it, so that the balance left when it is flat *is* the loss or the surplus. Recourse is
limited to what the account pledged: an account defaults only after its bank cash and credit line went into
the unpaid call, so nothing else is there to be claimed.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import PostingKind
from abm.clearing.calls.margin_calls import MarginCalls
from abm.clearing.calls.requirements import Requirements
from abm.clearing.defaults.auction import DefaultAuction
from abm.clearing.defaults.reductions import Reductions, lots_beyond_equity
from abm.clearing.defaults.slices import ShownMarket, close_out_slices
from abm.clearing.defaults.waterfall import NO_MEMBER, MemberDefault, Waterfall, WaterfallResult
from abm.clearing.terms import ClearingRules
from abm.core.errors import ParameterError

NO_ACCOUNT = -1
"""Stands for an account where there is none: nobody won an auction, or there was none."""


class CloseOutState(NamedTuple):
    """What is still being closed out, and what became of it; arrays by account."""

    awaiting_auction: NDArray[np.bool_]
    """Shape (n_accounts,); True from the default to its auction, where there is one."""
    lots_at_default: NDArray[np.int64]
    """Absolute lots held when the default was declared, shape (n_accounts, n_slots)."""
    auction_winner: NDArray[np.int64]
    """Account that took the positions over, or ``NO_ACCOUNT``; shape (n_accounts,)."""
    torn_up_lots: NDArray[np.int64]
    """Lots of the defaulter that were torn up, shape (n_accounts,)."""


class CloseOuts:
    """Closes positions of accounts in default, from the declaration to the settled balance.

    Parameters
    ----------
    books : Books
        What is closed and settled.
    requirements : Requirements
        Margin, for how much a reduction must sell.
    calls : MarginCalls
        Those of an account end with its close-out.
    reductions : Reductions
        Accounts whose positions are sold without a default.
    auction, waterfall : DefaultAuction, Waterfall
        First way out, and last.
    rules : ClearingRules
        Method and slices.

    Attributes
    ----------
    state : CloseOutState
        Close-outs so far.
    """

    def __init__(
        self,
        books: Books,
        requirements: Requirements,
        calls: MarginCalls,
        reductions: Reductions,
        auction: DefaultAuction,
        waterfall: Waterfall,
        rules: ClearingRules,
    ) -> None:
        self._books, self._requirements = books, requirements
        self._calls, self._reductions = calls, reductions
        self._auction, self._waterfall, self._rules = auction, waterfall, rules
        by_slot = books.positions.lots.shape
        self.state = CloseOutState(
            awaiting_auction=np.zeros(by_slot[0], dtype=np.bool_),
            lots_at_default=np.zeros(by_slot, dtype=np.int64),
            auction_winner=np.full(by_slot[0], NO_ACCOUNT, dtype=np.int64),
            torn_up_lots=np.zeros(by_slot[0], dtype=np.int64),
        )

    def declare_default(self, accounts: NDArray[np.int64]) -> None:
        """Put accounts into default and start their close-out from the positions they hold now."""
        self._books.register.declare_default(accounts)
        self.state.awaiting_auction[accounts] = self._rules.close_out_method == "auction"
        self.state.lots_at_default[accounts] = np.abs(self._books.positions.lots[accounts])

    def orders(self, market: ShownMarket, *, first_order_id: int) -> NDArray[np.void]:
        """Return this round's orders for accounts in default or under reduction (``ORDER_DTYPE``)."""
        if self._rules.close_out_participation > 0.0 and (market.bid_lots is None or market.ask_lots is None):
            raise ParameterError("close_out_orders: bid_lots and ask_lots are needed to limit participation")
        lots, reducing = self._books.positions.lots, self._reductions.reducing
        selling = self._books.register.closing & ~self.state.awaiting_auction
        accounts = np.flatnonzero(selling | reducing)
        to_close, at_start = lots[accounts].copy(), self.state.lots_at_default[accounts].copy()
        initial = self._requirements.initial() if reducing.any() else None
        equity = self._books.ledger.collateral_usd_micro
        for at, account in enumerate(accounts.tolist()):
            if reducing[account] and initial is not None:
                to_close[at] = lots_beyond_equity(to_close[at], int(equity[account]), int(initial[account]))
                at_start[at] = self._reductions.state.lots_at_start[account]
        return close_out_slices(
            accounts, to_close, at_start, market, self._rules, first_order_id=first_order_id
        )

    def finish(self, *, now_round: int) -> list[WaterfallResult]:
        """Hold the auctions and tear-ups that are due, and settle the accounts in default that are flat.

        A loss goes down the waterfall, a surplus back to the estate; fees still owed are charged first. An
        auction is held in the first cycle after the default. Where the rules tear up contracts, a loss beyond
        all other layers ends the close-out at once.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of WaterfallResult
            One per finished account, in the order of accounts.
        """
        register, positions = self._books.register, self._books.positions
        for account in np.flatnonzero(register.closing & self.state.awaiting_auction).tolist():
            # An own account that failed with its member between two marks waits for the next cycle.
            if positions.is_marked(account):
                self._hold_auction(account, now_round)
        torn_from: dict[int, NDArray[np.bool_]] = {}
        for account in np.flatnonzero(register.closing).tolist() if self._rules.tear_up else ():
            if self._is_hopeless(account):
                self.state.torn_up_lots[account] = int(np.abs(positions.lots[account]).sum())
                torn_from[account] = positions.tear_up(account)
        flat = register.closing & ~positions.unsettled()
        if not flat.any():
            return []
        self._books.charges.charge_fees(positions.state, flat, now_round=now_round)
        nobody = np.zeros(len(flat), dtype=np.bool_)
        results = [
            self._settle(account, torn_from.get(account, nobody), now_round)
            for account in np.flatnonzero(flat).tolist()
        ]
        self._calls.forget(register.in_default)
        self._reductions.end(register.in_default)
        return results

    def _hold_auction(self, account: int, now_round: int) -> None:
        self.state.awaiting_auction[account] = False
        winner = self._auction.hold(account, now_round=now_round)
        if winner is not None:
            self.state.auction_winner[account] = winner

    def _is_hopeless(self, account: int) -> bool:
        """Say whether the loss of an account so far is beyond all layers before the tear-up."""
        positions = self._books.positions
        if not positions.lots[account].any() or not positions.is_marked(account):
            return False
        loss = -int(self._books.ledger.collateral_usd_micro[account])
        return loss > self._waterfall.resources_for(account).before_tear_up_usd_micro

    def _settle(self, account: int, torn_from: NDArray[np.bool_], now_round: int) -> WaterfallResult:
        """Settle the balance of a flat defaulter, and the failure of members where the loss causes one.

        A member fails when a loss exceeds its capital, or an assessment does. Its other clients move to the
        strongest survivor; its own accounts default with it; clients already in default stay its own.
        """
        ledger, register = self._books.ledger, self._books.register
        chart, member = ledger.chart, int(register.member_of[account])
        surplus = max(0, int(ledger.collateral_usd_micro[account]))
        cover = self._waterfall.cover(account, torn_from, now_round=now_round)
        ledger.post(
            PostingKind.ESTATE_RETURN,
            debit=chart.collateral.start + account,
            credit=chart.bank.start + account,
            amount_usd_micro=surplus,
            now_round=now_round,
        )
        assert ledger.collateral_usd_micro[account] == 0, "a closed-out account keeps a balance"
        register.end_close_out(account)
        failing = cover.failed.copy()
        beyond_capital = sum(cover.layers) > cover.layers.member_capital_usd_micro
        failing[member] = beyond_capital and not register.member_in_default[member]
        register.fail(failing)
        in_order = sorted(np.flatnonzero(failing).tolist(), key=lambda failed: (failed != member, failed))
        cuts = cover.haircut + cover.torn
        return WaterfallResult(
            round=now_round,
            account=account,
            member=member,
            loss_usd_micro=sum(cover.layers),
            surplus_usd_micro=surplus,
            layers=cover.layers,
            survivors_paid_usd_micro=tuple(cover.survivors_paid.tolist()),
            assessments_paid_usd_micro=tuple(cover.assessed.tolist()),
            gains_cut_usd_micro=tuple((loser, int(cuts[loser])) for loser in np.flatnonzero(cuts).tolist()),
            haircut_share=cover.haircut_share,
            auction_winner=int(self.state.auction_winner[account]),
            torn_up_lots=int(self.state.torn_up_lots[account]),
            member_defaults=tuple(
                self._take_over(failed, "client" if failed == member else "assessment") for failed in in_order
            ),
        )

    def _take_over(self, member: int, cause: Literal["client", "assessment"]) -> MemberDefault:
        """Port the clients of a failed member to the strongest survivor; its own accounts default with it."""
        register = self._books.register
        alive = (register.member_of == member) & register.performing()
        own, clients = np.flatnonzero(alive & ~register.is_client), np.flatnonzero(alive & register.is_client)
        self.declare_default(own)
        ported_to = self._strongest_survivor()
        if ported_to == NO_MEMBER:
            clients = clients[:0]
        register.port(clients, ported_to)
        return MemberDefault(member, cause, ported_to, tuple(clients.tolist()), tuple(own.tolist()))

    def _strongest_survivor(self) -> int:
        """Return the surviving member with the most capital, ties to the lower number, or ``NO_MEMBER``."""
        surviving = np.flatnonzero(self._books.register.surviving())
        if len(surviving) == 0:
            return NO_MEMBER
        capital = self._books.ledger.member_capital_usd_micro
        return int(surviving[np.argmax(capital[surviving])])

"""The clearing house's records: its state, read-only views of it, its standing assertions and its hash."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import ChartOfAccounts, Ledger
from abm.clearing.books.positions import check_positions, empty_positions
from abm.clearing.calls.call_causes import no_cycle_yet
from abm.clearing.calls.funding import NO_DEADLINE, bring_in_resources, free_cash, free_credit, no_calls
from abm.clearing.defaults.close_out import ReductionNotice, no_defaults, no_reductions
from abm.clearing.defaults.recovery import no_recovery
from abm.clearing.margin_models import MarginModel
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.core.money import scale_up
from abm.core.orders import NO_PRICE, TRADE_DTYPE

_BPS = 10_000


class Digest(Protocol):
    """A running hash, as ``hashlib`` makes them."""

    def update(self, content: bytes, /) -> None:
        """Feed bytes."""


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


class ClearingRecords:
    """State of the clearing house and what may be read of it.

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
    """

    def __init__(
        self,
        *,
        contract: ContractSpec,
        n_slots: int,
        accounts: AccountTerms,
        members: MemberTerms,
        rules: ClearingRules,
        margin: MarginModel,
        journal: bool = False,
    ) -> None:
        if n_slots <= 0:
            raise ParameterError(f"n_slots: {n_slots} is not > 0")
        if np.any(accounts.member >= members.count):
            worst = int(accounts.member.max(initial=0))
            raise ParameterError(f"accounts.member: {worst} is not in 0..{members.count - 1}")
        self.contract = contract
        self.rules = rules
        self.chart = ChartOfAccounts(accounts.count, members.count)
        self._margin = margin
        self._terms = accounts
        # Copies are writable and contiguous whatever was passed in: the kernel keeps one type signature.
        self._maker_fee_usd_micro = accounts.maker_fee_usd_micro.copy()
        self._taker_fee_usd_micro = accounts.taker_fee_usd_micro.copy()
        auction_fee = accounts.auction_fee_usd_micro
        self._auction_fee_usd_micro = (
            accounts.maker_fee_usd_micro if auction_fee is None else auction_fee
        ).copy()
        self._ledger = Ledger(self.chart, journal=journal)
        self._positions = empty_positions(accounts.count, n_slots)
        self._calls = no_calls(accounts.count)
        self._next_deadline_round = NO_DEADLINE
        # It explains calls and moves no money, so it is no part of the digest.
        self._last_cycle = no_cycle_yet(accounts.count, n_slots)
        self._defaults = no_defaults(accounts.count, n_slots, members.count)
        self._reductions = no_reductions(accounts.count, n_slots)
        self._recovery = no_recovery(members.fund_contribution_usd_micro, accounts.count)
        self._member = accounts.member.astype(np.int64)
        self._last_mark_ticks = np.full(n_slots, NO_PRICE, dtype=np.int64)
        self._margin_per_lot: NDArray[np.int64] | None = None
        self._variation = np.zeros(accounts.count, dtype=np.int64)
        self._fees = np.zeros(accounts.count, dtype=np.int64)
        self._levies = np.zeros(accounts.count, dtype=np.int64)
        self._collateral_interest = np.zeros(accounts.count, dtype=np.int64)
        # These tell where money came from and went; balances hold it already, so they are not in the digest.
        self._credit_interest = np.zeros(accounts.count, dtype=np.int64)
        self._pay = np.zeros(accounts.count, dtype=np.int64)
        self._deficit_covered = np.zeros(accounts.count, dtype=np.int64)
        self._gains_given_up = np.zeros(accounts.count, dtype=np.int64)
        self._fund_used_round: int | None = None
        self._transfers: list[NDArray[np.void]] = []
        self._reduction_notices: list[ReductionNotice] = []
        self._reducing_changed = False
        self._round = 0
        bring_in_resources(self._ledger, accounts, members, rules)
        self.check()

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net lots, shape (n_accounts, n_slots); read-only."""
        return _read_only(self._positions.position_lots)

    @property
    def open_interest_lots(self) -> NDArray[np.int64]:
        """Sum of long positions per slot, which equals the sum of shorts; shape (n_slots,)."""
        longs: NDArray[np.int64] = np.maximum(self._positions.position_lots, 0).sum(axis=0)
        return longs

    @property
    def maker_lots(self) -> NDArray[np.int64]:
        """Lots each account traded with resting orders; read-only."""
        return _read_only(self._positions.maker_lots)

    @property
    def taker_lots(self) -> NDArray[np.int64]:
        """Lots each account traded with incoming orders; read-only."""
        return _read_only(self._positions.taker_lots)

    @property
    def auction_lots(self) -> NDArray[np.int64]:
        """Lots each account traded in auctions, where nobody is maker or taker; read-only."""
        return _read_only(self._positions.auction_lots)

    @property
    def collateral_usd_micro(self) -> NDArray[np.int64]:
        """Money of each account at the clearing house, its equity as of the last mark; read-only."""
        return _read_only(self._ledger.balance_usd_micro[self.chart.collateral])

    @property
    def bank_cash_usd_micro(self) -> NDArray[np.int64]:
        """Own bank money of each account; read-only."""
        return _read_only(self._ledger.balance_usd_micro[self.chart.bank])

    @property
    def credit_drawn_usd_micro(self) -> NDArray[np.int64]:
        """Debt of each account to its lender, not negative."""
        drawn: NDArray[np.int64] = -self._ledger.balance_usd_micro[self.chart.credit_line]
        return drawn

    @property
    def member_capital_usd_micro(self) -> NDArray[np.int64]:
        """Own capital left to each member; read-only."""
        return _read_only(self._ledger.balance_usd_micro[self.chart.member_capital])

    @property
    def member_fund_usd_micro(self) -> NDArray[np.int64]:
        """Guaranty-fund contribution left to each member; read-only."""
        return _read_only(self._ledger.balance_usd_micro[self.chart.member_fund])

    @property
    def skin_in_the_game_usd_micro(self) -> int:
        """House capital left in the waterfall."""
        return int(self._ledger.balance_usd_micro[self.chart.skin_in_the_game])

    @property
    def fee_revenue_usd_micro(self) -> int:
        """Exchange revenue left after rebates and market-maker pay."""
        return int(self._ledger.balance_usd_micro[self.chart.fee_revenue])

    @property
    def uncovered_usd_micro(self) -> int:
        """Losses so far that no layer of the waterfall covered."""
        return -int(self._ledger.balance_usd_micro[self.chart.uncovered_loss])

    @property
    def variation_usd_micro(self) -> NDArray[np.int64]:
        """Variation margin and final settlement of each account since the start; read-only."""
        return _read_only(self._variation)

    @property
    def fees_usd_micro(self) -> NDArray[np.int64]:
        """Fees minus rebates posted to each account since the start; read-only."""
        return _read_only(self._fees)

    @property
    def levies_usd_micro(self) -> NDArray[np.int64]:
        """Levies taken from each account since the start; read-only."""
        return _read_only(self._levies)

    @property
    def collateral_interest_usd_micro(self) -> NDArray[np.int64]:
        """Interest on collateral paid to each account since the start; read-only."""
        return _read_only(self._collateral_interest)

    @property
    def credit_interest_usd_micro(self) -> NDArray[np.int64]:
        """Interest charged to each account on drawn credit since the start; read-only."""
        return _read_only(self._credit_interest)

    @property
    def pay_usd_micro(self) -> NDArray[np.int64]:
        """Pay of market makers by account since the start; read-only."""
        return _read_only(self._pay)

    @property
    def deficit_covered_usd_micro(self) -> NDArray[np.int64]:
        """Loss in default of each account that the waterfall, and so others, bore; read-only."""
        return _read_only(self._deficit_covered)

    @property
    def gains_given_up_usd_micro(self) -> NDArray[np.int64]:
        """Gains of each account cut or torn up at the end of the waterfall; read-only."""
        return _read_only(self._gains_given_up)

    @property
    def required_fund_usd_micro(self) -> NDArray[np.int64]:
        """Guaranty-fund contribution asked of each member, as last sized; read-only."""
        return _read_only(self._recovery.required_fund_usd_micro)

    @property
    def assessed_usd_micro(self) -> NDArray[np.int64]:
        """Assessments that each member paid since the last replenishment; read-only."""
        return _read_only(self._recovery.assessed_usd_micro)

    @property
    def outstanding_calls_usd_micro(self) -> NDArray[np.int64]:
        """Unpaid part of each account's margin call; read-only."""
        return _read_only(self._calls.outstanding_usd_micro)

    @property
    def member_of(self) -> NDArray[np.int64]:
        """Clearing member of each account now, after any porting; read-only."""
        return _read_only(self._member)

    @property
    def in_default(self) -> NDArray[np.bool_]:
        """Accounts in default, closed out or not; read-only."""
        return _read_only(self._defaults.in_default)

    @property
    def member_in_default(self) -> NDArray[np.bool_]:
        """Clearing members in default; read-only."""
        return _read_only(self._defaults.member_in_default)

    @property
    def may_trade(self) -> NDArray[np.bool_]:
        """Accounts whose own orders are accepted: neither in default nor under forced reduction."""
        return ~(self._defaults.in_default | self._reductions.reducing)

    @property
    def reducing(self) -> NDArray[np.bool_]:
        """Accounts whose positions are being reduced after a missed deadline."""
        return self._reductions.reducing

    @property
    def last_mark_ticks(self) -> NDArray[np.int64]:
        """Prices of the last mark by slot, ``NO_PRICE`` where there was none; read-only."""
        return _read_only(self._last_mark_ticks)

    @property
    def _collateral(self) -> NDArray[np.int64]:
        return self._ledger.balance_usd_micro[self.chart.collateral]

    @property
    def margin_per_lot_usd_micro(self) -> NDArray[np.int64]:
        """Initial margin of one outright lot, shape (n_slots,); ``set_margin`` must have been called."""
        assert self._margin_per_lot is not None, "set_margin has not been called"
        return _read_only(self._margin_per_lot)

    def _requirement(self, position_lots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the initial margin of positions, held or not, shape (rows,) for (rows, n_slots) lots."""
        assert self._margin_per_lot is not None, "set_margin has not been called"
        return self._margin.per_account_usd_micro(position_lots)

    def initial_margin(self) -> NDArray[np.int64]:
        """Return the initial margin of each account, micro-USD, shape (n_accounts,)."""
        return self._requirement(self._positions.position_lots)

    def maintenance_margin(self) -> NDArray[np.int64]:
        """Return the equity below which an account is called: initial margin over its ratio.

        By default it equals the initial margin for a member's own account. Rounded up to the micro-USD.
        """
        return self._maintenance_of(self.initial_margin())

    def _maintenance_of(self, initial_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(
            self._terms.is_client,
            scale_up(initial_usd_micro, _BPS, self.rules.client_ratio_bps),
            scale_up(initial_usd_micro, _BPS, self.rules.member_ratio_bps),
        )

    def pre_trade_funds(self) -> NDArray[np.int64]:
        """Return what may back new positions: collateral plus bank cash that the treasury does not keep back.

        Zero in default, never negative.
        """
        funds = np.maximum(self._collateral + free_cash(self._ledger, self._terms), 0)
        return np.where(self._defaults.in_default, 0, funds)

    def free_funds(self) -> NDArray[np.int64]:
        """Return what each account could still pay: cash, undrawn credit, collateral beyond initial margin.

        Micro-USD; negative where even all of that does not meet the requirement.
        """
        beyond = self._collateral - self.initial_margin()
        funds: NDArray[np.int64] = beyond + self.bank_cash_usd_micro + free_credit(self._ledger, self._terms)
        return funds

    def drain_transfers(self) -> NDArray[np.void]:
        """Return the positions that changed hands without a trade since the last drain (``TRADE_DTYPE``).

        They come from auctions and tear-up; ``month`` is the slot, order numbers and ``aggressor_side`` are
        zero. The market tells the exchange and its own records of them.
        """
        drained = np.concatenate([np.zeros(0, dtype=TRADE_DTYPE), *self._transfers])
        self._transfers.clear()
        return drained

    def drain_reduction_notices(self) -> list[ReductionNotice]:
        """Return the forced reductions begun since the last drain; the market cancels their orders."""
        notices = list(self._reduction_notices)
        self._reduction_notices.clear()
        return notices

    def drain_postings(self) -> NDArray[np.void]:
        """Return the postings since the last drain (``POSTING_DTYPE``); empty unless a journal is kept."""
        return self._ledger.drain()

    @property
    def posted_usd_micro(self) -> NDArray[np.int64]:
        """Sum of all postings since the start by ``PostingKind``; read-only."""
        return _read_only(self._ledger.posted_usd_micro)

    def check(self) -> None:
        """Assert that the books are in order: debits equal credits, longs equal shorts, no cash from nowhere.

        Raises
        ------
        AssertionError
            If they are not, which is a fault of the simulator.
        """
        self._ledger.check()
        check_positions(self._positions)
        balance, chart = self._ledger.balance_usd_micro, self.chart
        assert (balance[chart.bank] >= 0).all(), "a bank account is overdrawn"
        assert (balance[chart.credit_line] <= 0).all(), "a lender owes its borrower"
        assert (balance[chart.member_capital] >= 0).all(), "a member's capital is overdrawn"
        assert (balance[chart.member_fund] >= 0).all(), "a fund contribution is overdrawn"
        assert balance[chart.skin_in_the_game] >= 0, "the house's capital is overdrawn"
        assert balance[chart.uncovered_loss] <= 0, "an uncovered loss is positive"

    def update_digest(self, digest: Digest) -> None:
        """Feed the whole state into a running hash."""
        margin = [] if self._margin_per_lot is None else [self._margin_per_lot]
        for array in (
            *self._positions,
            *self._calls,
            *self._defaults,
            *self._reductions,
            *self._recovery,
            self._last_mark_ticks,
            np.array([-1 if self._fund_used_round is None else self._fund_used_round], dtype=np.int64),
            self._ledger.balance_usd_micro,
            self._ledger.posted_usd_micro,
            self._member,
            self._maker_fee_usd_micro,
            self._taker_fee_usd_micro,
            self._auction_fee_usd_micro,
            *margin,
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        self._margin.update_digest(digest)

"""The clearing house: central counterparty to every trade, from booking to default management."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import PostingKind
from abm.clearing.calls.credit_lines import EndedLine
from abm.clearing.calls.margin_calls import MarginCall
from abm.clearing.capital.terms import CapitalTerms
from abm.clearing.defaults.deadlines import DefaultEvent
from abm.clearing.defaults.reductions import ReductionNotice
from abm.clearing.defaults.slices import ShownMarket
from abm.clearing.defaults.waterfall import WaterfallResult
from abm.clearing.exposure import exposure_graph, exposure_inputs, exposure_rows
from abm.clearing.fund.guaranty_fund import FundSizing
from abm.clearing.margin_models.interface import Digest, MarginDay, MarginModel
from abm.clearing.parts import build_parts, state_in_order
from abm.clearing.readings import array, value
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.core.arguments import row_number, whole_number
from abm.core.contract import ContractSpec
from abm.core.copying import never_copied

if TYPE_CHECKING:
    import networkx as nx


@never_copied("its books belong to one market; build that market again, or another house")
class ClearingHouse:
    """Central counterparty of all trades, with its ledger, margin and default waterfall.

    Accounts are numbered 0 .. n_accounts - 1, month slots are months modulo ``n_slots``, rounds are absolute.
    A usual day: ``book_trades`` every round; at a margin cycle ``mark_to_market``, ``margin_cycle``,
    ``process_deadlines``, ``finish_close_outs``; at the close also ``set_margin``, ``charge_fees``,
    ``daily_interest``, ``sweep_excess`` and ``replenish_fund``, and at a month's end ``size_fund``. Equity is
    collateral, so margin is always judged as of the last mark; every operation that moves money ends in
    ``check``. Money is int64 micro-USD, arrays by account are of shape (n_accounts,), and ``now_round`` is
    the absolute round. Nothing here calls the exchange: ``close_out_orders`` are returned.

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
    capital : CapitalTerms, optional
        What owners and business outside bring and take; nothing by default.

    Attributes
    ----------
    contract, rules : ContractSpec, ClearingRules
        As given.
    chart : ChartOfAccounts
        Numbers of the ledger accounts.
    parts : Parts
        What the house is made of: each part owns its data, and says in full what an operation here does.

    Raises
    ------
    ParameterError
        If an account names a member that does not exist or ``n_slots`` is not positive.
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
        capital: CapitalTerms | None = None,
    ) -> None:
        self.contract, self.rules = contract, rules
        terms = (accounts, members, rules, margin)
        self.parts = build_parts(contract, n_slots, *terms, journal=journal, capital=capital)
        self.chart = self.parts.books.ledger.chart
        self._now_round = 0
        self.check()

    position_lots = array(lambda of: of.books.positions.lots)
    """Signed net lots, shape (n_accounts, n_slots)."""
    open_interest_lots = value(lambda of: of.books.positions.open_interest_lots())
    """Sum of long positions per slot, which equals the sum of shorts; shape (n_slots,)."""
    maker_lots = array(lambda of: of.books.positions.state.maker_lots)
    """Lots traded with resting orders."""
    taker_lots = array(lambda of: of.books.positions.state.taker_lots)
    """Lots traded with incoming orders."""
    auction_lots = array(lambda of: of.books.positions.state.auction_lots)
    """Lots traded in auctions, where nobody is maker or taker."""
    last_mark_ticks = array(lambda of: of.books.positions.last_mark_ticks)
    """Prices of the last mark by slot, ``NO_PRICE`` where there was none."""
    collateral_usd_micro = array(lambda of: of.books.ledger.collateral_usd_micro)
    """Money at the clearing house: equity as of the last mark."""
    bank_cash_usd_micro = array(lambda of: of.books.ledger.bank_usd_micro)
    """Own bank money."""
    credit_drawn_usd_micro = value(lambda of: of.funding.drawn_usd_micro())
    """Debt to the lender, not negative."""
    equity_usd_micro = value(lambda of: of.funding.equity_usd_micro())
    """Collateral plus bank money less drawn credit of every account, as of the last mark."""
    member_capital_usd_micro = array(lambda of: of.books.ledger.member_capital_usd_micro)
    """Own capital left to each member."""
    member_fund_usd_micro = array(lambda of: of.fund.held_usd_micro)
    """Guaranty-fund contribution left to each member."""
    skin_in_the_game_usd_micro = value(lambda of: of.books.ledger.skin_in_the_game_usd_micro)
    """House capital left in the waterfall."""
    fee_revenue_usd_micro = value(lambda of: of.books.ledger.fee_revenue_usd_micro)
    """Exchange revenue left after rebates and market-maker pay."""
    uncovered_usd_micro = value(lambda of: of.books.ledger.uncovered_usd_micro)
    """Losses so far that no layer of the waterfall covered."""
    posted_usd_micro = array(lambda of: of.books.ledger.posted_usd_micro)
    """Sum of all postings since the start by ``PostingKind``."""
    variation_usd_micro = array(lambda of: of.books.variation.total_usd_micro)
    """Variation margin and final settlement since the start."""
    gains_given_up_usd_micro = array(lambda of: of.books.variation.given_up_usd_micro)
    """Gains cut or torn up at the end of the waterfall."""
    fees_usd_micro = array(lambda of: of.books.charges.fees_usd_micro)
    """Fees minus rebates posted since the start."""
    levies_usd_micro = array(lambda of: of.books.charges.levies_usd_micro)
    """Levies taken since the start."""
    pay_usd_micro = array(lambda of: of.books.charges.pay_usd_micro)
    """Pay of market makers since the start."""
    credit_interest_usd_micro = array(lambda of: of.funding.credit_interest_usd_micro)
    """Interest on drawn credit and fees on undrawn credit since the start."""
    collateral_interest_usd_micro = array(lambda of: of.funding.collateral_interest_usd_micro)
    """Interest paid on collateral since the start."""
    deficit_covered_usd_micro = array(lambda of: of.waterfall.deficit_covered_usd_micro)
    """Loss in default that the waterfall, and so others, bore."""
    required_fund_usd_micro = array(lambda of: of.fund.required_usd_micro)
    """Guaranty-fund contribution asked of each member, as last sized."""
    assessed_usd_micro = array(lambda of: of.fund.assessed_usd_micro)
    """Assessments that each member paid since the last replenishment."""
    outstanding_calls_usd_micro = array(lambda of: of.calls.state.outstanding_usd_micro)
    """Unpaid part of each account's margin call."""
    margin_per_lot_usd_micro = array(lambda of: of.requirements.per_lot_usd_micro)
    """Initial margin of one outright lot, shape (n_slots,), as of the last ``set_margin``."""
    member_of = array(lambda of: of.books.register.member_of)
    """Clearing member of each account now, after any porting."""
    in_default = array(lambda of: of.books.register.in_default)
    """Accounts in default, closed out or not."""
    member_in_default = array(lambda of: of.books.register.member_in_default)
    """Clearing members in default."""
    may_trade = value(lambda of: of.may_trade())
    """Accounts whose own orders are accepted: neither in default nor under forced reduction."""
    reducing = value(lambda of: of.reductions.reducing)
    """Accounts whose positions are being reduced after a missed deadline."""
    reducing_changed = value(lambda of: of.deadlines.reducing_changed)
    """Whether the last ``process_deadlines`` began or ended a reduction, so that others may trade now."""
    owners = value(lambda of: of.owners)
    """Who owns the accounts: what they want in them, took out and brought in."""
    outside_wealth = value(lambda of: of.outside_wealth)
    """What other business of traders and members earned or lost with the token price."""
    outside_flow_usd_micro = value(lambda of: of.owners.net_usd_micro + of.outside_wealth.gain_usd_micro)
    """Money since the start from outside trading."""
    has_positions_to_close = value(lambda of: of.has_positions_to_close())
    """Whether ``close_out_orders`` may have orders: a default or a forced reduction."""

    def book_trades(self, trades: NDArray[np.void]) -> None:
        """Step into every trade (``TRADE_DTYPE``, a spread leg by leg) as the counterparty of both sides."""
        books = self.parts.books
        books.positions.book(trades, books.charges.schedule)

    def bring_in_positions(
        self, position_lots: NDArray[np.int64], settlement_ticks: NDArray[np.int64]
    ) -> None:
        """Take over positions from before there was a clearing house: see ``PositionBook.bring_in``."""
        self.parts.books.positions.bring_in(position_lots, settlement_ticks)

    def set_fees(
        self,
        *,
        maker_fee_usd_micro: NDArray[np.int64],
        taker_fee_usd_micro: NDArray[np.int64],
        auction_fee_usd_micro: NDArray[np.int64],
    ) -> None:
        """Set the fees of trades booked from now on, by account: see ``Charges.set_fees``."""
        self.parts.books.charges.set_fees(maker_fee_usd_micro, taker_fee_usd_micro, auction_fee_usd_micro)

    def change_maker_fee(self, account: int, fee_usd_micro: int) -> None:
        """Set what one account pays for each lot of a resting order from now on; negative is a rebate."""
        self.parts.books.charges.change_maker_fee(account, fee_usd_micro)

    def levy(self, amount_usd_micro: NDArray[np.int64], *, now_round: int) -> NDArray[np.int64]:
        """Take a levy by account from collateral to the outside, and return what was taken.

        An account whose close-out has ended pays nothing; see ``Charges.levy``.
        """
        books = self.parts.books
        taken = books.charges.levy(amount_usd_micro, books.register.closed_out(), now_round=now_round)
        self._now_round = now_round
        self.check()
        return taken

    def charge_fees(self) -> None:
        """Post the fees and rebates accrued by trading between collateral and exchange revenue."""
        books = self.parts.books
        books.charges.charge_fees(books.positions.state, now_round=self._now_round)
        self.check()

    def pay(
        self, account: int, amount_usd_micro: int, kind: PostingKind = PostingKind.MARKET_MAKER_STIPEND
    ) -> int:
        """Pay a market maker out of exchange revenue, as far as that goes; return what was paid.

        An account in default receives nothing; see ``Charges.pay``.
        """
        books = self.parts.books
        barred, now = books.register.in_default, self._now_round
        paid = books.charges.pay(account, amount_usd_micro, kind, barred=barred, now_round=now)
        self.check()
        return paid

    def mark_to_market(self, mark_ticks: NDArray[np.int64], *, now_round: int) -> NDArray[np.int64]:
        """Mark positions at prices by slot (``NO_PRICE`` if none), pay variation margin and return it."""
        self._now_round = now_round
        gain_usd_micro = self.parts.books.positions.mark(mark_ticks)
        return self._pay_variation(PostingKind.VARIATION_MARGIN, gain_usd_micro)

    def final_settlement(self, slot: int, final_ticks: int) -> NDArray[np.int64]:
        """Close a month's positions at its final price; pay and return the last gains, which sum to zero."""
        positions = self.parts.books.positions
        slot = row_number("slot", slot, positions.n_slots)
        last = positions.settle(slot, whole_number("final_ticks", final_ticks))
        self.parts.calls.expire(slot)
        return self._pay_variation(PostingKind.FINAL_SETTLEMENT, last)

    def _pay_variation(self, kind: PostingKind, gain_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        self.parts.books.variation.pay(kind, gain_usd_micro, now_round=self._now_round)
        self.check()
        return gain_usd_micro

    def set_margin(self, day: MarginDay) -> None:
        """Show the margin model a settlement; margin holds until the next. First: before trading."""
        self.parts.requirements.observe(day)

    def change_margin_model(self, model: MarginModel) -> None:
        """Ask margin by another model from now on; it must have seen the last settlement."""
        self.parts.requirements.change_model(model)

    def initial_margin(self) -> NDArray[np.int64]:
        """Return the initial margin of each account."""
        return self.parts.requirements.initial()

    def maintenance_margin(self) -> NDArray[np.int64]:
        """Return the equity below which an account is called: see ``Requirements.maintenance_of``."""
        return self.parts.requirements.maintenance_of(self.initial_margin())

    def pre_trade_funds(self) -> NDArray[np.int64]:
        """Return what may back new positions: collateral and free bank cash; zero in default."""
        return self.parts.funding.pre_trade_funds()

    def free_funds(self) -> NDArray[np.int64]:
        """Return what each account could still pay: cash, undrawn credit, collateral beyond initial margin.

        Negative where even all of that does not meet the requirement.
        """
        liquid = self.parts.funding.liquid_usd_micro()
        return liquid + self.collateral_usd_micro - self.initial_margin()

    def margin_cycle(self, *, now_round: int) -> list[MarginCall]:
        """Call every account below maintenance for what restores initial margin: see ``MarginCalls.make``."""
        self._now_round = now_round
        made = self.parts.calls.make(now_round=now_round)
        self.parts.reductions.end(self.parts.calls.state.outstanding_usd_micro == 0)
        self.check()
        return made

    def needs_ad_hoc_call(self, mark_ticks: NDArray[np.int64]) -> bool:
        """Say whether an account has lost so much since the last mark that an extra margin cycle is due."""
        return self.parts.calls.extra_cycle_due(mark_ticks)

    def daily_interest(self) -> NDArray[np.int64]:
        """Charge a day's interest on credit, pay that on collateral: see ``Funding.daily_interest``."""
        interest = self.parts.funding.daily_interest(now_round=self._now_round)
        self.check()
        return interest

    def review_credit(self) -> list[EndedLine]:
        """Repay lines that have ended, and return those that end now: see ``Funding.review_lines``."""
        ended = self.parts.funding.review_lines(now_round=self._now_round)
        self.check()
        return ended

    def sweep_excess(self) -> NDArray[np.int64]:
        """Return collateral beyond margin and buffer, and say how much: see ``MarginCalls.sweep_excess``."""
        excess = self.parts.calls.sweep_excess(now_round=self._now_round)
        self.check()
        return excess

    def process_deadlines(self, *, now_round: int) -> list[DefaultEvent]:
        """Put into default who missed a deadline, or under forced reduction: see ``Deadlines.process``.

        The market must cancel the orders of the accounts returned, and see ``drain_reduction_notices``.
        """
        self._now_round, deadlines = now_round, self.parts.deadlines
        is_due = deadlines.any_due(now_round=now_round)
        events = deadlines.process(now_round=now_round)
        if is_due:
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
        bid_lots: NDArray[np.int64] | None = None,
        ask_lots: NDArray[np.int64] | None = None,
    ) -> NDArray[np.void]:
        """Return this round's orders for accounts in default or under reduction, for the market to submit.

        Arrays are by slot, as of ``ShownMarket``; a ``ParameterError`` asks for the lots shown where the
        rules limit participation. The orders are immediate-or-cancel, marked ``close_out`` and numbered from
        the first in steps of two; ``arrival`` is zero.
        """
        market = ShownMarket(
            best_bid_ticks, best_ask_ticks, low_ticks, high_ticks, months, bid_lots, ask_lots
        )
        return self.parts.close_outs.orders(market, first_order_id=first_order_id)

    def finish_close_outs(self, *, now_round: int) -> list[WaterfallResult]:
        """Hold auctions and tear-ups that are due, and settle flat accounts: see ``CloseOuts.finish``.

        The market must cancel the orders of ``own_accounts_in_default``, and learn of ``drain_transfers``.
        """
        self._now_round = now_round
        if not self.parts.books.register.closing.any():
            return []
        results = self.parts.close_outs.finish(now_round=now_round)
        self.check()
        return results

    def drain_transfers(self) -> NDArray[np.void]:
        """Return what auctions and tear-up moved since the last drain (``TRADE_DTYPE``, months by slot)."""
        return self.parts.books.positions.drain_transfers()

    def drain_reduction_notices(self) -> list[ReductionNotice]:
        """Return the forced reductions begun since the last drain; the market cancels their orders."""
        return self.parts.reductions.drain_notices()

    def drain_postings(self) -> NDArray[np.void]:
        """Return the postings since the last drain (``POSTING_DTYPE``); empty unless a journal is kept."""
        return self.parts.books.ledger.drain()

    def size_fund(self, stress_ticks: NDArray[np.int64], *, now_round: int) -> FundSizing:
        """Size the fund to Cover-2 of price moves, (n_scenarios, n_slots): see ``GuarantyFund.size``."""
        self._now_round = now_round
        sizing = self.parts.fund.size(stress_ticks, now_round=now_round)
        self.check()
        return sizing

    def replenish_fund(self, *, now_round: int) -> NDArray[np.int64]:
        """Fill the fund and the house's capital again where that is due: see ``GuarantyFund.replenish``."""
        self._now_round = now_round
        paid_in = self.parts.fund.replenish(now_round=now_round)
        self.check()
        return paid_in

    def exposure_rows(self, stress_ticks: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return who is exposed to whom under price moves, (n_scenarios, n_slots): see ``exposure_rows``."""
        return exposure_rows(exposure_inputs(self.parts), stress_ticks)

    def exposure_graph(self, stress_ticks: NDArray[np.int64], scenario: int = 0) -> nx.DiGraph:
        """Return clients, members and house as a graph; edges carry the exposures of one scenario (a row)."""
        row_number("scenario", scenario, len(stress_ticks))
        return exposure_graph(self.exposure_rows(stress_ticks), scenario)

    def check(self) -> None:
        """Assert that the books are in order, or else the simulator is at fault: see ``Books.check``."""
        self.parts.books.check()

    def update_digest(self, digest: Digest) -> None:
        """Feed the whole state into a running hash."""
        for owned in state_in_order(self.parts):
            digest.update(np.ascontiguousarray(owned).tobytes())
        self.parts.requirements.model.update_digest(digest)

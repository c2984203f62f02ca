"""The parts of a clearing house, wired in one direction: each knows only parts that were there before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books, open_books
from abm.clearing.books.ledger import N_FIRST_KINDS
from abm.clearing.calls.funding import Funding, bring_in_resources
from abm.clearing.calls.margin_calls import MarginCalls
from abm.clearing.calls.requirements import Requirements
from abm.clearing.capital.outside_wealth import OutsideWealth
from abm.clearing.capital.owners import Owners
from abm.clearing.capital.terms import CapitalTerms, no_capital_rule
from abm.clearing.defaults.auction import DefaultAuction
from abm.clearing.defaults.close_out import CloseOuts
from abm.clearing.defaults.deadlines import Deadlines
from abm.clearing.defaults.reductions import Reductions
from abm.clearing.defaults.waterfall import Waterfall
from abm.clearing.fund.guaranty_fund import GuarantyFund
from abm.clearing.margin_models.interface import MarginModel
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError


class Parts(NamedTuple):
    """Every part of a house that owns data, from the books upwards."""

    books: Books
    requirements: Requirements
    funding: Funding
    calls: MarginCalls
    fund: GuarantyFund
    waterfall: Waterfall
    reductions: Reductions
    close_outs: CloseOuts
    deadlines: Deadlines
    owners: Owners
    outside_wealth: OutsideWealth

    def may_trade(self) -> NDArray[np.bool_]:
        """Return the accounts that are neither in default nor under forced reduction."""
        return ~(self.books.register.in_default | self.reductions.reducing)

    def has_positions_to_close(self) -> bool:
        """Say whether a default or a forced reduction is going on."""
        return bool(self.books.register.closing.any() or self.reductions.reducing.any())


def build_parts(
    contract: ContractSpec,
    n_slots: int,
    accounts: AccountTerms,
    members: MemberTerms,
    rules: ClearingRules,
    margin: MarginModel,
    *,
    journal: bool,
    capital: CapitalTerms | None = None,
) -> Parts:
    """Return the parts of a new house, into which everybody has brought what is its own.

    The parameters are those of ``ClearingHouse``.

    Raises
    ------
    ParameterError
        If an account names a member that does not exist or ``n_slots`` is not positive.
    """
    if n_slots <= 0:
        raise ParameterError(f"n_slots: {n_slots} is not > 0")
    if np.any(accounts.member >= members.count):
        worst = int(accounts.member.max(initial=0))
        raise ParameterError(f"accounts.member: {worst} is not in 0..{members.count - 1}")
    capital = no_capital_rule(accounts.count) if capital is None else capital
    books = open_books(
        accounts,
        members.count,
        n_slots,
        tick_value_usd_micro=contract.tick_value_usd_micro,
        journal=journal,
        n_owners=accounts.count if capital.has_owner.any() else 0,
    )
    requirements = Requirements(books, margin, rules)
    funding = Funding(books, accounts, rules)
    calls = MarginCalls(books, requirements, funding, rules)
    fund = GuarantyFund(books, requirements, rules, members.fund_contribution_usd_micro)
    waterfall = Waterfall(books, fund, rules)
    reductions = Reductions(books, rules)
    auction = DefaultAuction(books, requirements, funding, rules)
    close_outs = CloseOuts(books, requirements, calls, reductions, auction, waterfall, rules)
    deadlines = Deadlines(books, requirements, funding, calls, reductions, close_outs)
    owners = Owners(books, requirements, funding, calls, accounts.cash_usd_micro, capital)
    outside_wealth = OutsideWealth(books, capital)
    bring_in_resources(books.ledger, accounts, members, rules)
    return Parts(
        books,
        requirements,
        funding,
        calls,
        fund,
        waterfall,
        reductions,
        close_outs,
        deadlines,
        owners,
        outside_wealth,
    )


def state_in_order(parts: Parts) -> Iterator[NDArray[Any]]:
    """Yield the arrays that the state hash is made of; their order is part of what a hash means.

    Totals since the start are left out, as balances hold them already, and so is what the next margin cycle
    compares with, which explains calls and moves no money.
    """
    books, fund, register = parts.books, parts.fund, parts.books.register
    yield from books.positions.state
    yield from parts.calls.state
    yield register.in_default
    yield register.closing
    yield from parts.close_outs.state
    yield register.member_in_default
    yield from parts.reductions.state
    yield books.variation.gains_usd_micro
    yield books.variation.cut_usd_micro
    yield fund.required_usd_micro
    yield fund.assessed_usd_micro
    yield books.positions.last_mark_ticks
    yield np.array([-1 if fund.used_round is None else fund.used_round], dtype=np.int64)
    yield books.ledger.balance_usd_micro
    yield books.ledger.posted_usd_micro[:N_FIRST_KINDS]
    if books.ledger.posted_usd_micro[N_FIRST_KINDS:].any():
        yield books.ledger.posted_usd_micro[N_FIRST_KINDS:]
    yield register.member_of
    yield from books.charges.schedule
    if parts.requirements.is_set:
        yield parts.requirements.per_lot_usd_micro
    if parts.owners.are_there:
        yield parts.owners.target_usd_micro
        yield parts.funding.lines.limit_usd_micro
    lines = parts.funding.lines
    if lines.may_end:
        yield lines.ended
        yield lines.reference_equity_usd_micro

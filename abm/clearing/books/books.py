"""The books of the clearing house: five parts, of which none knows another but the ledger."""

from __future__ import annotations

from typing import NamedTuple

from abm.clearing.books.charges import Charges
from abm.clearing.books.ledger import ChartOfAccounts, Ledger
from abm.clearing.books.position_book import PositionBook
from abm.clearing.books.register import Register
from abm.clearing.books.variation import Variation
from abm.clearing.terms import AccountTerms


class Books(NamedTuple):
    """What all other parts of the house read and write in."""

    ledger: Ledger
    positions: PositionBook
    register: Register
    variation: Variation
    charges: Charges

    def check(self) -> None:
        """Assert that debits equal credits, longs equal shorts, and nobody has less than nothing."""
        self.ledger.check()
        self.positions.check()
        balance, chart = self.ledger.balance_usd_micro, self.ledger.chart
        assert (balance[chart.bank] >= 0).all(), "a bank account is overdrawn"
        assert (balance[chart.credit_line] <= 0).all(), "a lender owes its borrower"
        assert (balance[chart.member_capital] >= 0).all(), "a member's capital is overdrawn"
        assert (balance[chart.member_fund] >= 0).all(), "a fund contribution is overdrawn"
        assert balance[chart.skin_in_the_game] >= 0, "the house's capital is overdrawn"
        assert balance[chart.uncovered_loss] <= 0, "an uncovered loss is positive"


def open_books(
    accounts: AccountTerms,
    n_members: int,
    n_slots: int,
    *,
    tick_value_usd_micro: int,
    journal: bool,
    n_owners: int = 0,
) -> Books:
    """Return empty books; ``journal`` keeps every posting until it is drained."""
    ledger = Ledger(ChartOfAccounts(accounts.count, n_members, n_owners), journal=journal)
    return Books(
        ledger=ledger,
        positions=PositionBook(accounts.count, n_slots, tick_value_usd_micro=tick_value_usd_micro),
        register=Register(accounts, n_members),
        variation=Variation(ledger),
        charges=Charges(ledger, accounts),
    )

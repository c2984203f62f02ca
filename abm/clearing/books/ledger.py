"""Double-entry ledger in integer micro-USD.

A balance is seen by the account's holder: a debit lowers it, a credit raises it. Every posting debits one
account and credits another with the same integer, and money enters or leaves through one external account,
so that all balances always sum to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number, shown, whole_array
from abm.core.errors import ParameterError

MONEY_BOUND_USD_MICRO = 2**62
"""No amount and no balance reaches it: half the range of an int64 is kept as a guard against overflow."""


class PostingKind(IntEnum):
    """Why money moved."""

    ENDOWMENT = 0
    """Own resources brought in at the start, from outside."""
    DEPOSIT = 1
    """First collateral, from the trader's bank."""
    CALL_FROM_CASH = 2
    CALL_FROM_CREDIT = 3
    """Drawn on the credit line and paid to the clearing house: money from outside."""
    CREDIT_REPAYMENT = 4
    """Money back to the outside lender."""
    EXCESS_RETURN = 5
    VARIATION_MARGIN = 6
    FINAL_SETTLEMENT = 7
    FEE = 8
    REBATE = 9
    MARKET_MAKER_STIPEND = 10
    MARKET_MAKER_REVENUE_SHARE = 11
    INTEREST = 12
    """Interest, and fees on undrawn credit, paid from the trader's bank to the outside lender."""
    INTEREST_CAPITALISED = 13
    """Interest that bank money did not cover: added to the debt, no cash moves."""
    MEMBER_CAPITAL = 14
    MEMBER_FUND = 15
    SKIN_IN_THE_GAME = 16
    SURVIVORS_FUND = 17
    UNCOVERED_LOSS = 18
    ESTATE_RETURN = 19
    """Collateral left after a close-out, back to the defaulter's estate."""
    LEVY = 20
    """A tax on trading, from the trader's collateral to the outside world."""
    COLLATERAL_INTEREST = 21
    """Interest on collateral: money from outside."""
    ASSESSMENT = 22
    """Called from a surviving member's capital once the guaranty fund is used up."""
    VARIATION_HAIRCUT = 23
    """Gains cut at the end of the waterfall, to the defaulter's balance."""
    TEAR_UP = 24
    """Gains that nobody can pay any more, given up when contracts are torn up."""
    FUND_CONTRIBUTION = 25
    """Fresh guaranty-fund money of a member, from its owners outside."""
    FUND_RETURN = 26
    """Contributions above what the fund's sizing asks for, back to the owners outside."""
    HOUSE_CAPITAL = 27
    """Fresh capital of the clearing house in the waterfall, from its owners outside."""
    OWNER_PAYOUT = 28
    """From a trader's bank to its owner, whose account stands outside the market."""
    OWNER_CONTRIBUTION = 29
    """From the owner's account to the trader's bank."""
    OUTSIDE_GAIN = 30
    """What a trader's or a member's other business earned with the token price, from outside."""
    OUTSIDE_LOSS = 31
    """What that business lost, to the outside world."""


N_FIRST_KINDS = 28
"""Kinds of posting that every state hash holds; those that came later count once they have been posted."""

PAY_KINDS = (PostingKind.MARKET_MAKER_STIPEND, PostingKind.MARKET_MAKER_REVENUE_SHARE)
"""Kinds of posting that pay a market maker out of exchange revenue."""

MONEY_IN_KINDS = (
    PostingKind.ENDOWMENT,
    PostingKind.CALL_FROM_CREDIT,
    PostingKind.COLLATERAL_INTEREST,
    PostingKind.FUND_CONTRIBUTION,
    PostingKind.HOUSE_CAPITAL,
    PostingKind.OWNER_CONTRIBUTION,
    PostingKind.OUTSIDE_GAIN,
)
"""Kinds of posting that bring money in from outside."""

MONEY_OUT_KINDS = (
    PostingKind.CREDIT_REPAYMENT,
    PostingKind.INTEREST,
    PostingKind.LEVY,
    PostingKind.FUND_RETURN,
    PostingKind.OWNER_PAYOUT,
    PostingKind.OUTSIDE_LOSS,
)
"""Kinds of posting that take money out of the market."""

# Arrays, because indexing by a tuple of enum members is slow and every check of the books does it.
_MONEY_IN, _MONEY_OUT, _PAY = (np.array(kinds) for kinds in (MONEY_IN_KINDS, MONEY_OUT_KINDS, PAY_KINDS))

POSTING_DTYPE = np.dtype(
    [
        ("round", np.int64),
        ("amount_usd_micro", np.int64),
        ("debit", np.int32),
        ("credit", np.int32),
        ("kind", np.int8),
    ],
    align=True,
)
"""One posting: ``debit`` and ``credit`` are ledger accounts (see ``ChartOfAccounts``)."""


@dataclass(frozen=True, slots=True)
class ChartOfAccounts:
    """Numbers of the ledger accounts of traders, members, house and outside world.

    Parameters
    ----------
    n_accounts, n_members : int
        Counts of traders and of clearing members.
    n_owners : int
        Owners that have an account of their own: none, or one for each trader.
    """

    n_accounts: int
    n_members: int
    n_owners: int = 0

    @property
    def bank(self) -> slice:
        """Traders' own money at their banks."""
        return slice(0, self.n_accounts)

    @property
    def collateral(self) -> slice:
        """Traders' money at the clearing house: margin, after variation margin and fees."""
        return slice(self.n_accounts, 2 * self.n_accounts)

    @property
    def credit_line(self) -> slice:
        """Traders' debts to the outside lender, as negative balances."""
        return slice(2 * self.n_accounts, 3 * self.n_accounts)

    @property
    def member_capital(self) -> slice:
        """Members' own capital."""
        return slice(3 * self.n_accounts, 3 * self.n_accounts + self.n_members)

    @property
    def member_fund(self) -> slice:
        """Members' guaranty-fund contributions."""
        return slice(3 * self.n_accounts + self.n_members, self.skin_in_the_game)

    @property
    def skin_in_the_game(self) -> int:
        """Clearing house capital in the waterfall."""
        return 3 * self.n_accounts + 2 * self.n_members

    @property
    def fee_revenue(self) -> int:
        """Exchange revenue from fees, after rebates and market-maker pay."""
        return self.skin_in_the_game + 1

    @property
    def variation_clearing(self) -> int:
        """Transit of variation margin: zero after every cycle."""
        return self.skin_in_the_game + 2

    @property
    def uncovered_loss(self) -> int:
        """Losses that no layer of the waterfall covered, as a negative balance."""
        return self.skin_in_the_game + 3

    @property
    def external(self) -> int:
        """The outside world: owners without an account of their own, and lenders."""
        return self.skin_in_the_game + 4

    @property
    def owner(self) -> slice:
        """Owners of the traders, outside the market: what each was paid out less what it brought in."""
        return slice(self.external + 1, self.external + 1 + self.n_owners)

    @property
    def count(self) -> int:
        """Number of ledger accounts."""
        return self.external + 1 + self.n_owners

    def rows(self, group: slice) -> NDArray[np.int64]:
        """Return the ledger accounts of a group, in the order of traders or members."""
        return np.arange(group.start, group.stop, dtype=np.int64)

    def names(self) -> list[str]:
        """Return a readable name for every ledger account, e.g. ``collateral[7]``."""
        names = [f"bank[{i}]" for i in range(self.n_accounts)]
        names += [f"collateral[{i}]" for i in range(self.n_accounts)]
        names += [f"credit_line[{i}]" for i in range(self.n_accounts)]
        names += [f"member_capital[{i}]" for i in range(self.n_members)]
        names += [f"member_fund[{i}]" for i in range(self.n_members)]
        names += ["skin_in_the_game", "fee_revenue", "variation_clearing", "uncovered_loss", "external"]
        return names + [f"owner[{i}]" for i in range(self.n_owners)]


class Ledger:
    """Balances of all ledger accounts, changed only by postings.

    Parameters
    ----------
    chart : ChartOfAccounts
        Numbers of the accounts.
    journal : bool
        Keep every posting until ``drain`` takes it; otherwise only totals by kind are kept.
    """

    def __init__(self, chart: ChartOfAccounts, *, journal: bool = False) -> None:
        self.chart = chart
        self.balance_usd_micro = np.zeros(chart.count, dtype=np.int64)
        self.posted_usd_micro = np.zeros(len(PostingKind), dtype=np.int64)
        self._journal: list[NDArray[np.void]] | None = [] if journal else None

    @property
    def bank_usd_micro(self) -> NDArray[np.int64]:
        """Balances of the traders' banks, shape (n_accounts,): a view, which only postings change."""
        return self.balance_usd_micro[self.chart.bank]

    @property
    def collateral_usd_micro(self) -> NDArray[np.int64]:
        """Balances of the traders at the house, shape (n_accounts,): a view, which only postings change."""
        return self.balance_usd_micro[self.chart.collateral]

    @property
    def member_capital_usd_micro(self) -> NDArray[np.int64]:
        """Own capital of each member, shape (n_members,): a view, which only postings change."""
        return self.balance_usd_micro[self.chart.member_capital]

    @property
    def skin_in_the_game_usd_micro(self) -> int:
        """Capital of the house in the waterfall."""
        return int(self.balance_usd_micro[self.chart.skin_in_the_game])

    @property
    def fee_revenue_usd_micro(self) -> int:
        """Exchange revenue after rebates and market-maker pay; negative where rebates are above fees."""
        return int(self.balance_usd_micro[self.chart.fee_revenue])

    @property
    def uncovered_usd_micro(self) -> int:
        """Losses so far that nobody covered, not negative."""
        return -int(self.balance_usd_micro[self.chart.uncovered_loss])

    def post(
        self,
        kind: PostingKind,
        *,
        debit: NDArray[np.int64] | int,
        credit: NDArray[np.int64] | int,
        amount_usd_micro: NDArray[np.int64] | int,
        now_round: int,
    ) -> None:
        """Move amounts from the debited to the credited accounts, one posting per element.

        Parameters
        ----------
        kind : PostingKind
            Why the money moves.
        debit, credit : int or array of int64
            Ledger accounts, broadcast against the amounts.
        amount_usd_micro : int or array of int64
            Micro-USD, not negative; zeros are left out.
        now_round : int
            Absolute round of the posting.
        """
        amount = np.atleast_1d(whole_array("amount_usd_micro", amount_usd_micro))
        if not amount.any():
            return
        debited, credited = self._rows("debit", debit, amount), self._rows("credit", credit, amount)
        assert amount.min() >= 0, f"{kind.name}: an amount is negative"
        assert amount.max() < MONEY_BOUND_USD_MICRO, f"{kind.name}: an amount is at or over 2**62 micro-USD"
        debits, credits_ = np.broadcast_to(debited, amount.shape), np.broadcast_to(credited, amount.shape)
        np.subtract.at(self.balance_usd_micro, debits, amount)
        np.add.at(self.balance_usd_micro, credits_, amount)
        self.posted_usd_micro[kind] += amount.sum()
        if self._journal is not None:
            moved = amount > 0
            rows = np.zeros(int(moved.sum()), dtype=POSTING_DTYPE)
            rows["round"], rows["kind"] = now_round, int(kind)
            rows["debit"], rows["credit"] = debits[moved], credits_[moved]
            rows["amount_usd_micro"] = amount[moved]
            self._journal.append(rows)

    def _rows(
        self, name: str, given: NDArray[np.int64] | int, amount: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return ledger accounts that go with the amounts, or raise ``ParameterError``: none wraps."""
        count = self.chart.count
        rows = np.asarray(row_number(name, given, count)) if np.ndim(given) == 0 else whole_array(name, given)
        if rows.ndim > 0 and rows.shape not in ((1,), amount.shape):
            raise ParameterError(f"{name}: shape {rows.shape} is not that of the amounts {amount.shape}")
        if rows.size and not (rows.min() >= 0 and rows.max() < count):
            raise ParameterError(f"{name}: {shown(given)} is not all in [0, {count - 1}]")
        return rows

    def drain(self) -> NDArray[np.void]:
        """Return the postings since the last drain in order (``POSTING_DTYPE``); empty without a journal."""
        kept, drained = self._journal, np.zeros(0, dtype=POSTING_DTYPE)
        if kept:
            drained = np.concatenate(kept)
            kept.clear()
        return drained

    def total_usd_micro(self) -> int:
        """Return the sum of all balances, those of owners and the outside world included: zero."""
        return int(self.balance_usd_micro.sum())

    def cash_usd_micro(self) -> int:
        """Return all money inside: every balance but debts to lenders, owners and the external account."""
        chart = self.chart
        debts, owners = (self.balance_usd_micro[group].sum() for group in (chart.credit_line, chart.owner))
        external = self.balance_usd_micro[chart.external]
        return self.total_usd_micro() - int(debts + owners + external)

    def check(self) -> None:
        """Assert that postings balance and that cash changed by the declared external flows only."""
        assert self.total_usd_micro() == 0, "debits differ from credits"
        assert np.abs(self.balance_usd_micro).max() < MONEY_BOUND_USD_MICRO, "a balance is near overflow"
        posted = self.posted_usd_micro
        net_inflow = posted[_MONEY_IN].sum() - posted[_MONEY_OUT].sum()
        assert self.cash_usd_micro() == net_inflow, "cash changed by an undeclared external flow"
        with_owners = posted[PostingKind.OWNER_PAYOUT] - posted[PostingKind.OWNER_CONTRIBUTION]
        assert self.balance_usd_micro[self.chart.owner].sum() == with_owners, "an owner's account is off"
        assert self.balance_usd_micro[self.chart.variation_clearing] == 0, "variation margin is in transit"
        revenue = posted[PostingKind.FEE] - posted[PostingKind.REBATE] - posted[_PAY].sum()
        assert self.balance_usd_micro[self.chart.fee_revenue] == revenue, "fees are not all accounted for"

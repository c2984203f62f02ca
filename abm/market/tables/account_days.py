"""Each account by day, its money and positions at the close, and the day's postings."""

from __future__ import annotations

import numpy as np

from abm.clearing import PostingKind
from abm.market.parts import MarketParts
from abm.market.tables.account_rows import AccountTotals, capital_columns, totals_of
from abm.recording import Recorder

_KIND_NAMES = np.array([kind.name.lower() for kind in PostingKind])


class AccountDays:
    """Adds the day's rows of ``accounts`` and ``ledger``, where the recorder keeps them.

    Parameters
    ----------
    market : MarketParts
        Where the numbers come from.
    recorder : Recorder
        Takes the rows.
    before : AccountTotals
        As the record began.
    """

    def __init__(self, market: MarketParts, recorder: Recorder, before: AccountTotals) -> None:
        self._market, self._recorder, self._before = market, recorder, before
        self._variation_before = before.variation_usd_micro

    def record(self) -> None:
        """Add today's rows, as of the close."""
        if self._recorder.keeps("accounts"):
            self._record_accounts()
        if self._recorder.keeps("ledger"):
            self._record_postings()

    def _record_accounts(self) -> None:
        house = self._market.clearing
        own = totals_of(house).since(self._before)
        variation = house.variation_usd_micro
        self._recorder.append(
            "accounts",
            day=self._market.clock.day,
            account=np.arange(len(variation)),
            equity_usd_micro=house.collateral_usd_micro,
            bank_cash_usd_micro=house.bank_cash_usd_micro,
            credit_drawn_usd_micro=house.credit_drawn_usd_micro,
            collateral_interest_usd_micro=own.collateral_interest_usd_micro,
            levies_usd_micro=own.levies_usd_micro,
            initial_margin_usd_micro=house.initial_margin(),
            maintenance_margin_usd_micro=house.maintenance_margin(),
            variation_usd_micro=variation - self._variation_before,
            net_lots=house.position_lots.sum(axis=1),
            gross_lots=np.abs(house.position_lots).sum(axis=1),
            in_default=house.in_default,
            **capital_columns(self._market, own),
        )
        self._variation_before = variation.copy()

    def _record_postings(self) -> None:
        postings = self._market.clearing.drain_postings()
        calendar = self._market.clock.calendar
        if len(postings) > 0:
            self._recorder.append(
                "ledger",
                day=postings["round"] // calendar.rounds_per_day + calendar.first_trading_day,
                round=postings["round"] % calendar.rounds_per_day,
                debit=postings["debit"],
                credit=postings["credit"],
                amount_usd_micro=postings["amount_usd_micro"],
                kind=_KIND_NAMES[postings["kind"]],
            )

"""Writes what happens in the market into the recorder's tables; does nothing where nothing is recorded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.agents.hedgers.treasury import HedgeEvents
from abm.clearing import (
    DefaultEvent,
    EndedLine,
    FundSizing,
    MarginCall,
    ReductionNotice,
    WaterfallResult,
)
from abm.core.orders import NO_PRICE, MessageKind
from abm.exchange import MatchResult
from abm.market.day.observation import TradingDayRecord
from abm.market.parts import MarketParts
from abm.market.round_record import RoundRecord
from abm.market.tables.account_days import AccountDays
from abm.market.tables.account_rows import (
    opening_rows,
    porting_rows,
    result_rows,
    totals_of,
    transfer_rows,
)
from abm.market.tables.book_rows import BookRows
from abm.market.tables.class_days import ClassDays
from abm.market.tables.class_money import ClassMoney
from abm.market.tables.clearing_days import ClearingDays
from abm.market.venue.maker_contract import DayScore
from abm.recording import Recorder

_WITHOUT_PRICE = tuple(
    int(kind) for kind in (MessageKind.CANCEL, MessageKind.CANCEL_ALL, MessageKind.MARKET, MessageKind.STOP)
)
_STOPS = (int(MessageKind.STOP), int(MessageKind.STOP_LIMIT))


class DailyTables(NamedTuple):
    """What writes a day's rows at its close."""

    clearing: ClearingDays
    class_money: ClassMoney
    classes: ClassDays
    accounts: AccountDays


class MarketTables:
    """Rows of a run, taken from the market at fixed points of the day.

    Parameters
    ----------
    market : MarketParts
        Where the rows come from; its ``recorder`` may be ``None``. In a warm-up there are none.
    """

    def __init__(self, market: MarketParts) -> None:
        self._market = market
        self._recorder: Recorder | None = None
        self._before = totals_of(market.clearing)
        self._books: BookRows | None = None
        self._days: DailyTables | None = None
        if not market.clock.is_warm_up:
            self.begin_record()
        elif market.recorder is not None:
            market.recorder.wait()

    def begin_record(self) -> None:
        """Take rows from now on: totals of accounts count from here, positions held are opening ones."""
        market = self._market
        self._recorder, self._before = market.recorder, totals_of(market.clearing)
        if self._recorder is not None:
            calendar, clock = market.clock.calendar, market.clock
            self._recorder.begin(months_before=calendar.first_recorded_month, rounds_before=clock.now_round)
            self._days = DailyTables(
                ClearingDays(market, self._recorder),
                ClassMoney(market, self._recorder),
                ClassDays(market, self._recorder),
                AccountDays(market, self._recorder, self._before),
            )
            self._recorder.append("transfers", **opening_rows(market))
            if self._recorder.keeps("quotes"):
                self._books = BookRows(
                    self._recorder,
                    [group.name for group in market.populations for _ in range(group.count)],
                    market.clock.calendar.rounds_per_day,
                )

    def keeps(self, table: str) -> bool:
        """Say whether a table of the run is recorded."""
        return self._recorder is not None and self._recorder.keeps(table)

    def record_backtest(self, accounts: NDArray[Any], contracts: NDArray[Any]) -> None:
        """Add rows of ``margin_backtest`` and of ``contract_backtest``."""
        for table, rows in (("margin_backtest", accounts), ("contract_backtest", contracts)):
            if self._recorder is not None and len(rows) > 0:
                columns = {name: rows[name] for name in rows.dtype.names or ()}
                self._recorder.append(table, **columns | {"breach": rows["breach"].astype(np.bool_)})

    def record_exposures(self, rows: dict[str, NDArray[Any]]) -> None:
        """Add the day's rows of ``exposures``."""
        if self._recorder is not None:
            self._recorder.append("exposures", day=self._market.clock.day, **rows)

    def record_fund(self, sizing: FundSizing) -> None:
        """Add the rows of ``guaranty_fund`` of one sizing, one per member."""
        if self._recorder is None:
            return
        members = len(sizing.required_usd_micro)
        self._recorder.append(
            "guaranty_fund",
            day=self._market.clock.day,
            member=np.arange(members),
            cover_two_usd_micro=np.full(members, sizing.cover_two.loss_usd_micro),
            scenario=np.full(members, sizing.cover_two.scenario),
            required_usd_micro=np.array(sizing.required_usd_micro, dtype=np.int64),
            paid_in_usd_micro=np.array(sizing.paid_in_usd_micro, dtype=np.int64),
            returned_usd_micro=np.array(sizing.returned_usd_micro, dtype=np.int64),
        )

    def record_spot(self) -> None:
        """Add today's row of ``spot``."""
        if self._recorder is None:
            return
        market, desk = self._market, self._market.desk
        quoted_usd = desk.provider_prices_usd if desk.has_providers else np.array([np.nan])
        self._recorder.append(
            "spot",
            day=market.clock.day,
            month=market.clock.front_month,
            spot_usd=desk.spot_usd,
            tpi_usd=desk.index_value_usd,
            volume_weighted_usd=desk.volume_weighted_usd[-1],
            matched_usd=desk.matched_usd[-1],
            index_fixing_usd_micro=desk.fixing.usd_micro,
            index_available=desk.fixing.available,
            provider_low_usd=float(quoted_usd.min()),
            provider_high_usd=float(quoted_usd.max()),
        )

    def before_matching(self) -> None:
        """Note the books as a day opens: the mid before a trade of its first round is theirs."""
        market = self._market
        if self._books is not None and market.clock.is_open:
            months = market.curve.months["month"]
            self._books.open_day(market.clock.day, months, market.curve.slots, market.exchange.top_of_book())

    def record_round(self, record: RoundRecord, today: TradingDayRecord) -> None:
        """Add the round's rows of ``quotes``, ``trades``, ``depth`` and ``orders``."""
        recorder, market, (batch, result, top, _) = self._recorder, self._market, record
        if recorder is None:
            return
        if self._books is not None:
            round_of_day = market.clock.round
            self._books.add_round(round_of_day, result.trades, top, today.round_volume_lots)
            self._books.record_depth(market.exchange, round_of_day, top)
        if recorder.keeps("orders") and len(batch) > 0:
            self._record_orders(batch, result)

    def record_halts(
        self, kind: str, halted: NDArray[np.bool_], cause: NDArray[np.bool_], rounds: int
    ) -> None:
        """Add one row of ``halts`` per month, given by slot: which stop trading, and which are the cause."""
        market = self._market
        if self._recorder is None:
            return
        tenors = np.flatnonzero(halted[market.curve.slots])
        rows = market.curve.months[tenors]
        self._recorder.append(
            "halts",
            day=market.clock.day,
            round=market.clock.round,
            month=rows["month"],
            tenor=tenors,
            kind=kind,
            is_cause=cause[rows["slot"]],
            rounds=rounds,
            limit_low_ticks=rows["low_ticks"],
            limit_high_ticks=rows["high_ticks"],
        )

    def _record_orders(self, batch: NDArray[Any], result: MatchResult) -> None:
        assert self._recorder is not None
        no_price = np.isin(batch["kind"], _WITHOUT_PRICE)
        copied = (
            "account",
            "kind",
            "side",
            "month",
            "spread_months",
            "lots",
            "display_lots",
            "minimum_lots",
            "ask_lots",
            "time_in_force",
            "post_only",
            "order_id",
        )
        self._recorder.append(
            "orders",
            day=self._market.clock.day,
            round=self._market.clock.round,
            arrival_ms=batch["arrival"],
            price_ticks=np.where(no_price, NO_PRICE, batch["price_ticks"]),
            stop_ticks=np.where(np.isin(batch["kind"], _STOPS), batch["stop_ticks"], NO_PRICE),
            ask_ticks=np.where(batch["kind"] == int(MessageKind.QUOTE), batch["ask_ticks"], NO_PRICE),
            reason=result.outcomes["reason"],
            filled_lots=result.outcomes["filled_lots"],
            resting_lots=result.outcomes["resting_lots"],
            **{name: batch[name] for name in copied},
        )

    def record_day(self, today: TradingDayRecord, *, front_is_final: bool) -> None:
        """Add the day's rows of ``daily``, and those of its rounds."""
        if self._recorder is None:
            return
        if self._books is not None:
            self._books.hand_over()
        if self._days is not None:
            self._days.class_money.value_trades()
        market, rows = self._market, self._market.curve.months
        slots = market.curve.slots
        final = np.zeros(len(rows), dtype=np.bool_)
        final[0] = front_is_final
        self._recorder.append(
            "daily",
            day=market.clock.day,
            month=rows["month"],
            tenor=rows["month"] - market.clock.front_month,
            settlement_ticks=market.curve.settlement_ticks,
            settlement_tier=market.curve.settlement_tier,
            model_ticks=np.rint(rows["model_ticks"]).astype(np.int64),
            expected_usd=market.desk.expected_settlement_usd(market.clock.day, len(rows)),
            volume_lots=today.volume_lots[slots],
            auction_lots=today.auction_lots[slots],
            trades=today.trades[slots],
            open_interest_lots=market.clearing.open_interest_lots[slots],
            spread_ticks=today.mean_spread_ticks[slots],
            two_sided_share=today.two_sided_share[slots],
            depth_lots=today.mean_depth_lots[slots],
            limit_low_ticks=rows["low_ticks"],
            limit_high_ticks=rows["high_ticks"],
            final=final,
        )

    def record_accounts(self, today: TradingDayRecord) -> None:
        """Add the day's rows of ``clearing_days``, both tables by class, ``accounts``, and its postings."""
        if self._days is None:
            self._market.clearing.drain_postings()  # a warm-up is in no journal
            return
        self._days.clearing.record(today.volume_lots)
        self._days.class_money.record()
        self._days.classes.record()
        self._days.accounts.record()

    def record_moves(self, finished: list[WaterfallResult], moved: NDArray[Any]) -> None:
        """Add rows of ``transfers``: positions moved by close-outs, and clients ported."""
        if self._recorder is not None and finished:
            self._recorder.append("transfers", **transfer_rows(self._market, finished, moved))
            self._recorder.append("transfers", **porting_rows(self._market, finished))

    def record_calls(self, calls: list[MarginCall]) -> None:
        """Add one row of ``margin_calls`` per call."""
        if self._recorder is None:
            return
        for call in calls:
            self._recorder.append(
                "margin_calls",
                day=self._market.clock.day,
                round=self._market.clock.round,
                account=call.account,
                member=call.member,
                amount_usd_micro=call.amount_usd_micro,
                met_cash_usd_micro=call.met_cash_usd_micro,
                met_credit_usd_micro=call.met_credit_usd_micro,
                outstanding_usd_micro=call.outstanding_usd_micro,
                deadline_round=call.deadline_round,
                **call.causes._asdict(),
            )

    def record_default(self, event: DefaultEvent) -> None:
        """Add the default of an account to ``defaults``."""
        self._default_row("client_default", event.account, event.member)

    def record_reduction(self, notice: ReductionNotice) -> None:
        """Add the start of a forced reduction to ``defaults``."""
        self._default_row("forced_reduction", notice.account, notice.member)

    def record_close_out(self, result: WaterfallResult) -> None:
        """Add the end of a close-out, and the default of a member that it caused, to ``defaults``."""
        self._default_row(
            "close_out_finished",
            result.account,
            result.member,
            loss=result.loss_usd_micro,
            surplus=result.surplus_usd_micro,
            **{name.removesuffix("_usd_micro"): lots for name, lots in result.layers._asdict().items()},
        )
        for failed in result.member_defaults:
            self._default_row("member_default", result.account, failed.member)

    def record_ended_lines(self, lines: list[EndedLine]) -> None:
        """Add the credit lines that were ended today to ``credit_events``."""
        if self._days is not None:
            self._days.classes.record_ended(lines)

    def _default_row(self, event: str, account: int, member: int, **amounts: int) -> None:
        if self._recorder is None:
            return
        names = (
            "loss",
            "member_capital",
            "member_fund",
            "skin_in_the_game",
            "survivors_fund",
            "assessments",
            "variation_haircut",
            "tear_up",
            "uncovered",
            "surplus",
        )
        self._recorder.append(
            "defaults",
            day=self._market.clock.day,
            round=self._market.clock.round,
            account=account,
            member=member,
            event=event,
            **{f"{name}_usd_micro": amounts.get(name, 0) for name in names},
        )

    def record_makers(
        self,
        makers: Population,
        score: DayScore,
        pay_usd_micro: NDArray[np.int64],
    ) -> None:
        """Add the day's rows of ``dmm``."""
        if self._recorder is None or makers.count == 0:
            return
        self._recorder.append(
            "dmm",
            day=self._market.clock.day,
            account=np.arange(makers.accounts.start, makers.accounts.stop),
            **score._asdict(),
            pay_usd_micro=pay_usd_micro,
        )

    def record_hedging(self, rows: dict[str, Any]) -> None:
        """Add the rows of ``hedging`` of a settled month."""
        if self._recorder is not None:
            self._recorder.append("hedging", **rows)

    def record_hedge_events(self, first_account: int, events: HedgeEvents) -> None:
        """Add rows of ``hedge_events`` of a class of hedgers."""
        if self._recorder is not None:
            self._recorder.append(
                "hedge_events",
                day=self._market.clock.day,
                account=first_account + events.rows,
                event=events.event,
                free_funds_usd_micro=events.free_funds_usd_micro,
                initial_margin_usd_micro=events.initial_margin_usd_micro,
            )

    def record_agents(self) -> None:
        """Add the rows of ``agents`` at the end of a run."""
        if self._recorder is not None:
            self._recorder.append("agents", **result_rows(self._market, self._before))

"""A run folder drawn by hand: plausible numbers without a simulator, the same for the same arguments."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.orders import NO_PRICE
from abm.recording import Recorder

ENTERPRISES = 6
CLASSES = (
    *(["enterprise"] * ENTERPRISES),
    *(["provider"] * 2),
    *(["fundamentalist"] * 3),
    *(["noise"] * 4),
    "dmm",
)
CONTRACT = ContractSpec()

_NO_OWNERS = {
    "paid_out_usd_micro": 0,
    "brought_in_usd_micro": 0,
    "outside_gain_usd_micro": 0,
    "target_equity_usd_micro": 0,
}


def manifest_of(calendar: TradingCalendar, contract: ContractSpec = CONTRACT) -> dict[str, object]:
    return {
        "seed": 7,
        "scenario_name": "synthetic",
        "scenario_sha256": "ab" * 32,
        "state_hash": "cd" * 32,
        "versions": {"sitsim": "0.1.0", "python": "3.11"},
        "counts": {"messages": 120_000, "trades": 4_000, "rejected": {"PRICE_LIMIT": 12}},
        "metrics": {},
        "cpu_seconds": {"set_up": 10.0, "agents": 1.5, "match": 0.5},
        "contract": asdict(contract),
        "calendar": asdict(calendar),
    }


def write_synthetic_run(
    folder: Path, *, months: int = 3, days_per_month: int = 5, listed: int = 4, profile: str = "daily"
) -> Path:
    """Write a run of some whole months and return its folder."""
    calendar = TradingCalendar(rounds_per_day=4, days_per_month=days_per_month, listed_months=listed)
    recorder = Recorder(profile)
    rng = np.random.default_rng(20270101)
    days = months * days_per_month
    fixings = 2.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, days)))
    for day in range(days):
        _record_spot(recorder, rng, calendar, day, fixings[day])
        _record_daily(recorder, rng, calendar, day, fixings)
        _record_accounts(recorder, rng, day)
        _record_class_money(recorder, day)
        _record_calls(recorder, rng, calendar, day)
        _record_backtest(recorder, rng, calendar, day)
        _record_exposures(recorder, day)
        recorder.append(
            "dmm",
            day=day,
            account=15,
            presence=0.96,
            spread_compliance=0.94,
            size_compliance=0.95,
            at_best=0.5,
            stress_presence=0.8,
            stress_share=0.1,
            obligation_met=True,
            under_contract=True,
            pay_usd_micro=0,
        )
    _record_defaults(recorder, day=days // 2)
    _record_halts(recorder)
    _record_sizing(recorder, day=days_per_month - 1)
    for month in range(months):
        _record_bills(recorder, rng, month, fixings[calendar.first_day(month) : calendar.last_day(month) + 1])
    _record_agents(recorder)
    text = (
        "[run]\ndays = 15\nseed = 7\n# a comment with <angle> brackets & more\n"
        "[exchange]\nauction_fee_usd = 0.4\n"
        "[clearing.margin]\nconfidence = 0.99\nmpor_days = 2\n"
    )
    return recorder.write(folder, manifest=manifest_of(calendar), scenario_toml=text)


def _record_spot(
    recorder: Recorder, rng: np.random.Generator, calendar: TradingCalendar, day: int, fixing: float
) -> None:
    recorder.append(
        "spot",
        day=day,
        month=calendar.month_of(day),
        spot_usd=float(fixing * np.exp(rng.normal(0.0, 0.01))),
        tpi_usd=float(fixing),
        volume_weighted_usd=float(fixing),
        matched_usd=float(fixing),
        index_fixing_usd_micro=round(fixing * 1e6),
        index_available=True,
        provider_low_usd=float(fixing * 0.85),
        provider_high_usd=float(fixing * 1.2),
    )


def _record_daily(
    recorder: Recorder, rng: np.random.Generator, calendar: TradingCalendar, day: int, fixings: np.ndarray
) -> None:
    months = np.array(calendar.listed(day))
    tenor = months - months[0]
    final = (tenor == 0) & calendar.is_last_day_of_month(day)
    ticks = np.rint(1e3 * (2.0 + (fixings[day] - 2.0) * np.exp(-0.3 * tenor))).astype(np.int64)
    average = fixings[calendar.first_day(int(months[0])) : day + 1].mean()
    ticks[0] = round(1e3 * average)
    # Hedgers come in as delivery approaches; the front position runs off as the fixings become known.
    grown = (day + 1) / (day + 10)
    left = 1.0 - (day % calendar.days_per_month) / calendar.days_per_month
    interest = np.rint(4_000 * grown * np.exp(-0.25 * tenor) * np.where(tenor == 0, left, 1.0))
    volume = rng.poisson(600 * np.exp(-0.4 * tenor))
    recorder.append(
        "daily",
        day=day,
        month=months,
        tenor=tenor,
        settlement_ticks=ticks,
        settlement_tier=1,
        model_ticks=ticks + 3,
        expected_usd=1e-3 * (ticks - 20),
        volume_lots=volume,
        auction_lots=volume // 4,
        trades=volume // 3,
        open_interest_lots=np.where(final, 0, interest).astype(np.int64),
        spread_ticks=np.where(tenor > 10, np.nan, 4.0 + 1.5 * tenor + rng.exponential(1.0, len(months))),
        two_sided_share=np.where(tenor == 0, 0.99, 0.93),
        depth_lots=60.0 * np.exp(-0.15 * tenor) + rng.exponential(5.0, len(months)),
        limit_low_ticks=np.where(final, NO_PRICE, np.rint(ticks * 0.9).astype(np.int64)),
        limit_high_ticks=np.where(final, NO_PRICE, np.rint(ticks * 1.1).astype(np.int64)),
        final=final,
    )


def _record_accounts(recorder: Recorder, rng: np.random.Generator, day: int) -> None:
    count = len(CLASSES)
    margin = rng.integers(100_000, 300_000, count) * 1_000_000
    net = rng.integers(-200, 200, count)
    recorder.append(
        "accounts",
        day=day,
        account=np.arange(count),
        equity_usd_micro=margin + rng.integers(0, 100_000, count) * 1_000_000,
        bank_cash_usd_micro=500_000_000_000,
        credit_drawn_usd_micro=np.arange(count) * 1_000_000_000,
        collateral_interest_usd_micro=0,
        levies_usd_micro=0,
        initial_margin_usd_micro=margin,
        maintenance_margin_usd_micro=margin * 10 // 11,
        variation_usd_micro=0,
        net_lots=net,
        gross_lots=np.abs(net) + 10,
        in_default=False,
        **_NO_OWNERS,
    )
    total = int(margin.sum())
    recorder.append(
        "clearing_days",
        day=day,
        accounts=count,
        initial_margin_usd_micro=total,
        member_margin_usd_micro=0,
        notional_usd_micro=10 * total,
        variation_usd_micro=0,
        credit_drawn_usd_micro=0,
        credit_interest_usd_micro=0,
        lot_margin_share=margin[0] / 1e12,
        liquidity_need_usd_micro=0,
        owed_usd_micro=0,
    )
    recorder.append(
        "class_days",
        day=day,
        agent_class=np.array(["noise", "dmm"]),
        traders=np.array([5, 2]),
        active=np.array([4, 2]),
        shrinking=0,
        stopped=0,
        left=np.array([1, 0]),
        messages=100,
        refused=3,
        refused_for_margin=1,
        shrinking_orders=0,
    )


def _record_class_money(recorder: Recorder, day: int) -> None:
    classes = list(dict.fromkeys(CLASSES))
    recorder.append(
        "class_money",
        day=day,
        agent_class=np.array(classes),
        equity_usd_micro=np.full(len(classes), 10**12),
        initial_margin_usd_micro=np.full(len(classes), 10**11) * (1 + day % 3),
        profit_usd_micro=np.full(len(classes), 10**9) * (day % 5 - 2),
        edge_usd=np.linspace(-100.0, 100.0, len(classes)),
    )


def _record_calls(recorder: Recorder, rng: np.random.Generator, calendar: TradingCalendar, day: int) -> None:
    for account in np.flatnonzero(rng.uniform(size=len(CLASSES)) < 0.1):
        cash, credit, owed = (int(rng.integers(0, 20_000)) * 1_000_000 for _ in range(3))
        if account > 2:
            owed = 0
        recorder.append(
            "margin_calls",
            day=day,
            round=3,
            account=int(account),
            member=int(account) % 3,
            amount_usd_micro=cash + credit + owed,
            met_cash_usd_micro=cash,
            met_credit_usd_micro=credit,
            outstanding_usd_micro=owed,
            deadline_round=day * calendar.rounds_per_day + 5,
            loss_usd_micro=cash + owed,
            model_rise_usd_micro=credit + 2_000_000,
            position_rise_usd_micro=1_000_000,
            carried_usd_micro=-3_000_000,
        )


def _record_backtest(
    recorder: Recorder, rng: np.random.Generator, calendar: TradingCalendar, day: int
) -> None:
    """Accounts need 1,000 dollars and lose at most that, but for account 1 on day 4: it loses 1,250."""
    count = len(CLASSES)
    loss = rng.integers(-900, 1_000, count) * 1_000_000
    loss[1] = 1_250_000_000 if day == 4 else loss[1]
    recorder.append(
        "margin_backtest",
        day=day,
        account=np.arange(count),
        requirement_usd_micro=1_000_000_000,
        loss_usd_micro=loss,
        breach=loss > 1_000_000_000,
    )
    months = np.repeat(calendar.listed(day), 2)
    # A lot of the second month needs 100 dollars, from day 8 on 150; prices fall by 110 from days 6 and 10.
    requirement = np.where(months == months[0] + 1, 150 if day >= 8 else 100, 80) * 1_000_000
    side = np.tile([1, -1], len(months) // 2)
    lot_loss = side * (110 if day in (6, 10) else 5) * 1_000_000
    recorder.append(
        "contract_backtest",
        day=day,
        month=months,
        tenor=months - months[0],
        side=side,
        requirement_usd_micro=requirement,
        loss_usd_micro=lot_loss,
        breach=lot_loss > requirement,
    )


def _record_exposures(recorder: Recorder, day: int) -> None:
    """Clients by turns with three members; prices up hurt the odd accounts, prices down the even ones."""
    count, members = len(CLASSES), 3
    of_member = np.arange(count) % members
    for scenario in (0, 1):
        loss = np.where(np.arange(count) % 2 == 1 - scenario, (1 + np.arange(count)) * (100 + day), 0)
        uncovered = np.maximum(loss - 500, 0)
        columns = {
            "lots": np.full(count, 10),
            "margin": np.full(count, 400),
            "collateral": np.full(count, 500),
            "stressed_loss": loss,
            "uncovered": uncovered,
            "shortfall": np.maximum(uncovered - 1_000, 0),
        }
        rows = {
            name: np.concatenate([of_client, by_member, [by_member.sum()]])
            for name, of_client in columns.items()
            for by_member in [np.bincount(of_member, of_client, members).astype(np.int64)]
        }
        resources = np.concatenate([np.full(count, 1_000), [3_000, 2_000, 100], [250]])
        fund = np.concatenate([np.zeros(count, dtype=np.int64), [300, 300, 300], [900]])
        recorder.append(
            "exposures",
            day=day,
            scenario=scenario,
            level=np.repeat(["client", "member", "house"], [count, members, 1]),
            node=np.concatenate([np.arange(count), np.arange(members), [0]]),
            creditor=np.concatenate([of_member, [-1] * (members + 1)]),
            lots=rows.pop("lots"),
            resources_usd_micro=resources * 1_000_000,
            fund_usd_micro=fund * 1_000_000,
            assessable_usd_micro=fund * 2_000_000,
            in_default=False,
            **{f"{name}_usd_micro": amounts * 1_000_000 for name, amounts in rows.items()},
        )


def _record_sizing(recorder: Recorder, day: int) -> None:
    recorder.append(
        "guaranty_fund",
        day=day,
        member=np.arange(3),
        cover_two_usd_micro=900_000_000,
        scenario=1,
        required_usd_micro=300_000_000,
        paid_in_usd_micro=50_000_000,
        returned_usd_micro=0,
    )


def _record_defaults(recorder: Recorder, day: int) -> None:
    layers = dict.fromkeys(
        (
            "loss_usd_micro",
            "member_capital_usd_micro",
            "member_fund_usd_micro",
            "skin_in_the_game_usd_micro",
            "survivors_fund_usd_micro",
            "assessments_usd_micro",
            "variation_haircut_usd_micro",
            "tear_up_usd_micro",
            "uncovered_usd_micro",
            "surplus_usd_micro",
        ),
        0,
    )
    recorder.append("defaults", day=day, round=1, account=2, member=2, event="client_default", **layers)
    layers |= {"loss_usd_micro": 5_000_000_000, "member_capital_usd_micro": 5_000_000_000}
    recorder.append("defaults", day=day, round=3, account=2, member=2, event="close_out_finished", **layers)


def _record_halts(recorder: Recorder) -> None:
    """Month 1 halts twice, once with month 2 along with it, and month 2 is interrupted."""
    rows = [
        (3, 1, "limit", True),
        (6, 1, "limit", True),
        (6, 2, "limit", False),
        (6, 2, "interruption", True),
    ]
    for day, month, kind, is_cause in rows:
        recorder.append(
            "halts",
            day=day,
            round=1,
            month=month,
            tenor=month - day // 5,
            kind=kind,
            is_cause=is_cause,
            rounds=1,
            limit_low_ticks=1_700,
            limit_high_ticks=2_300,
        )


def _record_bills(recorder: Recorder, rng: np.random.Generator, month: int, fixings: np.ndarray) -> None:
    need = np.full(ENTERPRISES, 1e6)
    expected = need * 2.0
    bill = need * fixings.mean() * np.exp(rng.normal(0.0, 0.03, ENTERPRISES))
    pnl = 0.75 * need * (fixings.mean() - 2.0)
    recorder.append(
        "hedging",
        month=month,
        account=np.arange(ENTERPRISES),
        hedges=np.arange(ENTERPRISES) < ENTERPRISES - 1,
        name="",
        provider=0,
        price_multiple=1.0,
        need_msit=need,
        expected_need_msit=need,
        bill_usd=bill,
        expected_bill_usd=expected,
        expected_need_bill_usd=bill,
        budget_usd=expected,
        futures_pnl_usd=pnl,
        fees_usd=500.0,
        interest_usd=0.0,
        hedge_lots_at_delivery=750.0,
        net_cost_usd=bill - pnl + 500.0,
        margin_cost_usd=300.0,
        abandoned_days=0,
    )


def _record_agents(recorder: Recorder) -> None:
    count = len(CLASSES)
    pnl = np.linspace(-90_000, 110_000, count).astype(np.int64) * 1_000_000
    recorder.append(
        "agents",
        account=np.arange(count),
        agent_class=np.array(CLASSES),
        name="",
        member=np.arange(count) % 3,
        initial_equity_usd_micro=10**12,
        final_equity_usd_micro=10**12 + pnl,
        pnl_usd_micro=pnl,
        fees_usd_micro=500_000_000,
        pay_usd_micro=0,
        levies_usd_micro=0,
        credit_interest_usd_micro=0,
        collateral_interest_usd_micro=0,
        deficit_covered_usd_micro=0,
        gains_given_up_usd_micro=0,
        lots_traded=np.arange(count) * 100,
        maker_lots=np.arange(count) * 40,
        messages=7_500,
        rejected=3,
        in_default=np.arange(count) == 2,
        **_NO_OWNERS,
    )

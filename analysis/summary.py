"""The closing table of a run: is the market alive, do hedges work, are calls met, how fast was it."""

from __future__ import annotations

import math
import tomllib
from typing import NamedTuple

import pandas as pd

from abm.core.calendar import TradingCalendar
from abm.core.money import USD_MICRO
from abm.recording import RunFolder, metrics
from abm.recording.hedging import hedge_effect

from .call_causes import CAUSES, calls_by_cause
from .clearing_house import TOO_LITTLE, account_coverage, margin_terms, tenor_backtest
from .metrics import messages_per_cpu_second
from .runs import Run, load
from .wording import counted, decimal, percent, usd, whole

ALIVE_TWO_SIDED_SHARE = 0.95
"""Least share of rounds with a bid and an ask for the front month to be called alive (judgement)."""


class SummaryRow(NamedTuple):
    """One line of the closing table: what is asked, the answer, and what it means or is measured against."""

    label: str
    value: str
    note: str


def summarise(run: Run) -> list[SummaryRow]:
    """Return the closing table of a run.

    Parameters
    ----------
    run : RunFolder or path

    Raises
    ------
    RunFolderError
        If the folder is not a readable run.
    """
    opened = load(run)
    daily = opened.tables["daily"]
    return [
        _two_sided(daily),
        _months_traded(daily, opened.calendar),
        _spread(daily),
        _auctions(opened),
        _halts(opened.tables["halts"], opened.calendar),
        _open_interest(daily),
        _convergence(daily),
        _margin_calls(opened),
        _call_causes(opened.tables["margin_calls"]),
        _margin_coverage(opened),
        _defaults(opened.tables["defaults"]),
        _hedge(opened.tables["hedging"]),
        _refusals(opened),
        _speed(opened),
    ]


def _two_sided(daily: pd.DataFrame) -> SummaryRow:
    share = float(daily.loc[daily["tenor"] == 0, "two_sided_share"].mean())
    verdict = "alive" if share >= ALIVE_TWO_SIDED_SHARE else "not alive"
    return SummaryRow(
        "Front month two-sided",
        f"{percent(share)} of rounds",
        f"{verdict}: {percent(ALIVE_TWO_SIDED_SHARE)} or more is asked",
    )


def _months_traded(daily: pd.DataFrame, calendar: TradingCalendar) -> SummaryRow:
    lots = metrics.months_traded(daily)
    silent = [calendar.month_code(int(month)) for month in lots.index[lots == 0]]
    note = f"without a trade: {', '.join(silent)}" if silent else "every listed month trades"
    return SummaryRow("Delivery months that traded", f"{len(lots) - len(silent)} of {len(lots)}", note)


def _spread(daily: pd.DataFrame) -> SummaryRow:
    spread = metrics.liquidity_by_tenor(daily)["spread_ticks"]
    front, last = (float(spread.iloc[0]), float(spread.iloc[-1])) if len(spread) else (float("nan"),) * 2
    return SummaryRow(
        "Spread, front and last month",
        f"{decimal(front, 1)} and {decimal(last, 1)} ticks",
        "time-weighted over two-sided rounds",
    )


def _auctions(run: RunFolder) -> SummaryRow:
    daily = run.tables["daily"]
    share = metrics.ratio(daily["auction_lots"].sum(), daily["volume_lots"].sum())
    fee = float(tomllib.loads(run.scenario_toml).get("exchange", {}).get("auction_fee_usd", math.nan))
    return SummaryRow(
        "Traded in auctions",
        f"{percent(share)} of lots",
        f"fee of an auction USD {decimal(fee)} a lot and side",
    )


def _halts(halts: pd.DataFrame, calendar: TradingCalendar) -> SummaryRow:
    own = halts[halts["is_cause"]]
    at_limit, steps = own[own["kind"] == "limit"], own[own["kind"] == "interruption"]
    along = len(halts) - len(own)
    codes = [calendar.month_code(int(month)) for month in own["month"].value_counts().index[:3]]
    note = f"on {counted(own['day'].nunique(), 'day')}, mostly in {', '.join(codes)}"
    if along:
        note += f"; {counted(along, 'month')} halted along with another"
    return SummaryRow(
        "Halts at a limit, interruptions",
        f"{whole(len(at_limit))} and {whole(len(steps))}",
        note if len(own) else "no month stopped",
    )


def _open_interest(daily: pd.DataFrame) -> SummaryRow:
    interest = metrics.open_interest(daily)
    course = "grew" if interest.last > interest.first else "did not grow"
    return SummaryRow(
        "Open interest at the end",
        f"{whole(interest.last)} lots",
        f"{course} from {whole(interest.first)} on the first day (peak {whole(interest.peak)}); "
        f"across an expiry {percent(interest.carried_share)} stays, in later months",
    )


def _convergence(daily: pd.DataFrame) -> SummaryRow:
    distance = metrics.convergence_ticks(daily)
    if distance.empty:
        return SummaryRow("Convergence at expiry", "n/a", "no month expired in this run")
    return SummaryRow(
        "Convergence at expiry",
        f"{decimal(float(distance.median()), 1)} ticks",
        f"median distance from the last settlement to the final price over "
        f"{counted(len(distance), 'expiry', 'expiries')}; largest {whole(float(distance.max()))}",
    )


def _margin_calls(run: RunFolder) -> SummaryRow:
    calls = metrics.margin_calls(run.tables["margin_calls"], run.tables["defaults"])
    met = metrics.ratio(calls.met_at_once, calls.calls)
    note = f"{percent(met)} met at once, {whole(calls.missed)} missed" if calls.calls else "no calls"
    return SummaryRow("Margin calls", f"{whole(calls.calls)} for {usd(calls.amount_usd)}", note)


def _call_causes(calls: pd.DataFrame) -> SummaryRow:
    by_call = calls_by_cause(calls)
    total = float(by_call["amount_usd"].sum())
    shares = [
        f"{name} {percent(metrics.ratio(by_call[cause].sum(), total))}" for cause, name in CAUSES.items()
    ]
    if by_call.empty:
        return SummaryRow("Margin called because of", "n/a", "no calls")
    return SummaryRow("Margin called because of", shares[0], ", ".join(shares[1:]))


def _margin_coverage(run: RunFolder) -> SummaryRow:
    label = "Losses covered by margin"
    if "margin_backtest" not in run.tables or run.tables["margin_backtest"].empty:
        return SummaryRow(label, "n/a", "needs the recording profile daily and days beyond the margin period")
    terms, accounts = margin_terms(run), account_coverage(run.tables["margin_backtest"])
    tenors = tenor_backtest(run.tables["contract_backtest"], terms)
    too_little = int((tenors["verdict"] == TOO_LITTLE).sum())
    return SummaryRow(
        label,
        f"{percent(accounts.covered_share, 2)} of account-days",
        f"{percent(terms.confidence)} asked for, over {counted(terms.mpor_days, 'day')}; "
        f"too little at {too_little} of {counted(len(tenors), 'tenor')} (Kupiec, 5 %); mean requirement "
        f"{usd(accounts.mean_requirement_usd)}",
    )


def _defaults(defaults: pd.DataFrame) -> SummaryRow:
    clients = int((defaults["event"] == "client_default").sum())
    members = int((defaults["event"] == "member_default").sum())
    finished = defaults[defaults["event"] == "close_out_finished"]
    loss = float(finished["loss_usd_micro"].sum()) / USD_MICRO
    uncovered = float(finished["uncovered_usd_micro"].sum()) / USD_MICRO
    return SummaryRow(
        "Defaults",
        f"{counted(clients, 'client')}, {counted(members, 'member')}",
        f"loss beyond collateral {usd(loss)}, of which uncovered {usd(uncovered)}",
    )


def _hedge(hedging: pd.DataFrame) -> SummaryRow:
    effect = hedge_effect(hedging)
    if math.isnan(effect.volatility_reduction_pooled):
        return SummaryRow("Bill surprise", "n/a", "needs enterprises that hedge over two finished months")
    return SummaryRow(
        "Bill surprise (sd), unhedged and hedged",
        f"{percent(effect.unhedged_sd)} and {percent(effect.hedged_sd)}",
        f"volatility_reduction {decimal(effect.volatility_reduction)} (median of "
        f"{counted(len(effect.by_enterprise), 'hedging enterprise')}), pooled "
        f"{decimal(effect.volatility_reduction_pooled)}; variance_reduction pooled "
        f"{decimal(effect.variance_reduction_pooled)}",
    )


def _refusals(run: RunFolder) -> SummaryRow:
    counts = run.manifest["counts"]
    refused = counts.get("rejected", {})
    share = metrics.ratio(float(sum(refused.values())), float(counts["messages"]))
    by_reason = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    note = ", ".join(f"{reason.lower().replace('_', ' ')} {number:,}" for reason, number in by_reason)
    return SummaryRow("Messages refused", f"{sum(refused.values()):,} ({percent(share)})", note or "none")


def _speed(run: RunFolder) -> SummaryRow:
    messages = float(run.manifest["counts"]["messages"])
    return SummaryRow(
        "Speed",
        f"{whole(messages_per_cpu_second(run.manifest))} messages per CPU-second",
        f"{whole(messages)} messages; set-up left out",
    )

"""The closing table of a run: is the market alive, do hedges work, are calls met, how fast was it."""

from __future__ import annotations

import math
import tomllib
from typing import NamedTuple

import pandas as pd

from abm.core.calendar import TradingCalendar
from abm.core.money import USD_MICRO
from abm.recording import RunFolder, metrics
from abm.recording.capital_metrics import owners_by_class
from abm.recording.hedging import hedge_effect

from .call_causes import CAUSES, calls_by_cause
from .capital.owners import has_flows
from .clearing_house import account_coverage, margin_terms, said_of_tenors, tenor_backtest
from .makers import maker_duty
from .margin_models import said_of_models
from .margin_models_page import model_table_of
from .metrics import messages_per_cpu_second
from .runs import Run, load
from .wording import basis_points, counted, decimal, percent, usd, whole

ALIVE_TWO_SIDED_SHARE = 0.95
"""Least share of rounds with a bid and an ask for the front month to be called alive (judgement)."""
WARNING = "warning:"
"""How a note begins that says what went wrong."""


class SummaryRow(NamedTuple):
    """One line of the closing table: what is asked, the answer, and what it means or is measured against."""

    label: str
    value: str
    note: str

    @property
    def warns(self) -> bool:
        """Whether the note says that something asked for is not met."""
        return self.note.startswith(WARNING)


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
        _curve_two_sided(daily),
        _months_traded(daily, opened.calendar),
        *_spreads(daily),
        _makers(opened),
        _auctions(opened),
        _halts(opened.tables["halts"], opened.calendar),
        _open_interest(daily),
        _convergence(daily),
        _margin_calls(opened),
        _call_causes(opened.tables["margin_calls"]),
        _margin_coverage(opened),
        *_margin_models(opened),
        _defaults(opened.tables["defaults"], int(opened.manifest["counts"].get("warm_up_defaults", 0))),
        *_owners(opened.tables["agents"]),
        _hedge(opened.tables["hedging"]),
        _refusals(opened),
        _speed(opened),
    ]


def _two_sided(daily: pd.DataFrame) -> SummaryRow:
    share = float(daily.loc[daily["tenor"] == 0, "two_sided_share"].mean())
    verdict = "alive" if share >= ALIVE_TWO_SIDED_SHARE else f"{WARNING} not alive"
    return SummaryRow(
        "Front month two-sided",
        f"{percent(share, threshold=ALIVE_TWO_SIDED_SHARE)} of rounds",
        f"{verdict}: {percent(ALIVE_TWO_SIDED_SHARE)} or more is asked (mean of days)",
    )


def _curve_two_sided(daily: pd.DataFrame) -> SummaryRow:
    by_tenor = daily.groupby("tenor")["two_sided_share"].mean()
    if by_tenor.empty:
        return SummaryRow("Whole curve two-sided", "n/a", "no trading day was recorded")
    months = counted(len(by_tenor), "listed month")
    thinnest = int(by_tenor.index[int(by_tenor.to_numpy().argmin())])
    return SummaryRow(
        "Whole curve two-sided",
        f"{percent(float(daily['two_sided_share'].mean()))} of rounds",
        f"mean of {months} and all days; lowest {percent(float(by_tenor.min()))}, {_ahead(thinnest)}",
    )


def _ahead(tenor: int) -> str:
    return "in the front month" if tenor == 0 else f"{counted(tenor, 'month')} ahead"


def _months_traded(daily: pd.DataFrame, calendar: TradingCalendar) -> SummaryRow:
    lots = metrics.months_traded(daily)
    silent = [calendar.month_code(int(month)) for month in lots.index[lots == 0]]
    note = f"without a trade: {', '.join(silent)}" if silent else "every listed month trades"
    return SummaryRow("Delivery months that traded", f"{len(lots) - len(silent)} of {len(lots)}", note)


def _spreads(daily: pd.DataFrame) -> list[SummaryRow]:
    """Return the spread of the front month and, where more are listed, of the last one."""
    tenors = metrics.liquidity_by_tenor(daily)
    rows = []
    for label, place in (("Spread, front month", 0), ("Spread, last month", -1))[: max(1, len(tenors))]:
        if tenors.empty or math.isnan(tenors["spread_ticks"].iloc[place]):
            rows.append(SummaryRow(label, "n/a", "never a bid and an ask at once"))
            continue
        row = tenors.iloc[place]
        note = f"mean of two-sided rounds; one tick is {basis_points(row['tick_share'])} of the price"
        far = f"{_ahead(int(tenors.index[place]))}; " if place else ""
        value = f"{decimal(row['spread_ticks'], 1)} ticks, {basis_points(row['spread_share'])}"
        rows.append(SummaryRow(label, value, far + note))
    return rows


def _makers(run: RunFolder) -> SummaryRow:
    dmm = run.tables["dmm"]
    if dmm.empty:
        return SummaryRow("Market makers' duty met", "n/a", "this market has no designated maker")
    duty = maker_duty(dmm, run.calendar)
    missed = duty.days - duty.days_met
    warning = f"{WARNING} not met on {whole(missed)} of {whole(duty.days)} maker-days; " if missed else ""
    if duty.lost:
        warning += f"{duty.lost} of {counted(duty.makers, 'maker')} lost the status; "
    ended = f"in {duty.months_paid} of {counted(duty.months, 'maker-month')}"
    return SummaryRow(
        "Market makers' duty met",
        f"{percent(duty.met_share)} of maker-days",
        f"{warning}{counted(duty.makers, 'maker')}, present in {percent(duty.presence)} of listed months and "
        f"rounds; paid {usd(duty.pay_usd)}, {ended if duty.months else 'no month has ended'}",
    )


def _auctions(run: RunFolder) -> SummaryRow:
    daily = run.tables["daily"]
    share = metrics.ratio(daily["auction_lots"].sum(), daily["volume_lots"].sum())
    if math.isnan(share):
        return SummaryRow("Traded in auctions", "n/a", "nothing traded")
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
    by_month = own["month"].value_counts()
    codes = [calendar.month_code(int(month)) for month in by_month.index[:3]]
    where = "mostly in" if len(by_month) > len(codes) else "in"
    note = f"at a price limit and after too large a step; on {counted(own['day'].nunique(), 'day')}, "
    note += f"{where} {', '.join(codes)}"
    if along:
        note += f"; {counted(along, 'stop')} along with another month"
    return SummaryRow(
        "Halts, interruptions",
        f"{whole(len(at_limit))} and {whole(len(steps))}",
        note if len(own) else "no month stopped",
    )


def _open_interest(daily: pd.DataFrame) -> SummaryRow:
    interest = metrics.open_interest(daily)
    if math.isnan(interest.last):
        return SummaryRow("Open interest at the end", "n/a", "no trading day was recorded")
    course = "grew" if interest.last > interest.first else "did not grow"
    note = f"{course} from {whole(interest.first)} on the first day (peak {whole(interest.peak)})"
    if not math.isnan(interest.carried_share):
        note += f"; across an expiry {percent(interest.carried_share)} stays, in later months (median)"
    return SummaryRow("Open interest at the end", f"{whole(interest.last)} lots", note)


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


_BACKTESTS = ("margin_backtest", "contract_backtest")


def _margin_coverage(run: RunFolder) -> SummaryRow:
    label = "Losses covered by margin"
    if not all(name in run.tables and len(run.tables[name]) for name in _BACKTESTS):
        return SummaryRow(label, "n/a", "needs the recording profile daily and days beyond the margin period")
    terms, accounts = margin_terms(run), account_coverage(run.tables["margin_backtest"])
    asked = f"{percent(terms.confidence, 2)} asked for, over {counted(terms.mpor_days, 'day')}"
    short = accounts.covered_share < terms.confidence
    return SummaryRow(
        label,
        f"{percent(accounts.covered_share, 2, threshold=terms.confidence)} of account-days",
        f"{WARNING + ' ' if short else ''}{asked}; {whole(accounts.breaches)} of "
        f"{whole(accounts.account_days)} lost more than their margin; "
        f"{said_of_tenors(tenor_backtest(run.tables['contract_backtest'], terms))}; mean requirement "
        f"{usd(accounts.mean_requirement_usd)}",
    )


def _margin_models(run: RunFolder) -> list[SummaryRow]:
    """Return the line about all margin models, where the run asked them."""
    if "margin_models" not in run.tables:
        return []
    label, found = "Margin models, same positions", model_table_of(run)
    if found.empty:
        return [SummaryRow(label, "n/a", "no margin period was over")]
    means = found["mean_requirement_usd"]
    value = f"{usd(float(means.min()))} to {usd(float(means.max()))}"
    return [SummaryRow(label, value, said_of_models(found, margin_terms(run)))]


def _defaults(defaults: pd.DataFrame, before: int) -> SummaryRow:
    clients = int((defaults["event"] == "client_default").sum())
    members = int((defaults["event"] == "member_default").sum())
    finished = defaults[defaults["event"] == "close_out_finished"]
    loss = float(finished["loss_usd_micro"].sum()) / USD_MICRO
    uncovered = float(finished["uncovered_usd_micro"].sum()) / USD_MICRO
    in_warm_up = f"; {counted(before, 'account')} in default since the warm-up" if before else ""
    return SummaryRow(
        "Defaults",
        f"{counted(clients, 'client')}, {counted(members, 'member')}",
        f"loss beyond collateral {usd(loss)}, of which uncovered {usd(uncovered)}{in_warm_up}",
    )


def _owners(agents: pd.DataFrame) -> list[SummaryRow]:
    """Return the line about owners, where money came or went outside trading."""
    if not has_flows(agents):
        return []
    owners = owners_by_class(agents)
    lost, refilled, brought, paid, gained = (
        float(owners[name].sum()) for name in ("lost", "refilled", "brought_in", "paid_out", "outside_gain")
    )
    return [
        SummaryRow(
            "Losses that owners refilled",
            percent(metrics.ratio(refilled, lost)),
            f"of {usd(lost)}; brought in {usd(brought)}, took out {usd(paid)}; other business gained "
            f"{usd(gained)}; none of it is profit",
        )
    ]


def _hedge(hedging: pd.DataFrame) -> SummaryRow:
    effect = hedge_effect(hedging)
    label = "Bill surprise within run"
    if math.isnan(effect.volatility_reduction_pooled):
        return SummaryRow(label, "n/a", "needs enterprises that hedge over two finished months")
    enterprises = int(effect.by_enterprise["volatility_reduction"].notna().sum())
    worse = effect.volatility_reduction_pooled < 0.0
    return SummaryRow(
        label,
        f"sd {percent(effect.unhedged_sd)} unhedged, {percent(effect.hedged_sd)} hedged",
        f"{WARNING + ' the hedge raised it; ' if worse else ''}sd over the "
        f"{counted(int(effect.by_enterprise['months'].max()), 'month')} of this run; volatility reduction "
        f"{decimal(effect.volatility_reduction)} (median of {counted(enterprises, 'hedging enterprise')}), "
        f"pooled {decimal(effect.volatility_reduction_pooled)}; variance reduction pooled "
        f"{decimal(effect.variance_reduction_pooled)}",
    )


def _refusals(run: RunFolder) -> SummaryRow:
    counts = run.manifest["counts"]
    refused = counts.get("rejected", {})
    share = metrics.ratio(float(sum(refused.values())), float(counts["messages"]))
    by_reason = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    note = ", ".join(f"{reason.lower().replace('_', ' ')} {number:,}" for reason, number in by_reason)
    if math.isnan(share):
        return SummaryRow("Messages refused", "0", "no message was sent")
    return SummaryRow("Messages refused", f"{sum(refused.values()):,} ({percent(share)})", note or "none")


def _speed(run: RunFolder) -> SummaryRow:
    messages = float(run.manifest["counts"]["messages"])
    return SummaryRow(
        "Speed",
        f"{whole(messages_per_cpu_second(run.manifest))} messages per CPU-second",
        f"{whole(messages)} messages; all processor time after set-up and warm-up counts",
    )

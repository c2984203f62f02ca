"""Numbers about a run, computed from its tables: those that its manifest states and analysis reads.

Each function takes the tables it needs, so that it also works on tables that are still in memory. A number
that the run cannot give (a market without a trade, a run shorter than a month) is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.money import BPS, USD_MICRO
from abm.recording.capital_metrics import capital_metrics
from abm.recording.class_metrics import class_metrics
from abm.recording.class_money import class_money_metrics
from abm.recording.hedging import HedgeEffect, hedge_abandonment, hedge_effect
from abm.recording.maker_metrics import as_floats, maker_metrics, price_scale_ticks
from abm.recording.margin_metrics import margin_metrics


def prices_usd(column: pd.Series, contract: ContractSpec) -> NDArray[np.float64]:
    """Return a column of ticks in USD per mSIT, with NaN where there is no price."""
    return as_floats(column) * contract.tick_size_usd_micro / USD_MICRO


def ratio(numerator: float, denominator: float) -> float:
    """Return a quotient, NaN when the denominator is zero."""
    return float(numerator / denominator) if denominator else math.nan


def liquidity_by_tenor(daily: pd.DataFrame) -> pd.DataFrame:
    """Return spread, depth, two-sided share and volume by tenor.

    Parameters
    ----------
    daily : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame, indexed by tenor
        ``spread_ticks`` and ``spread_share`` are time-weighted: days count by their two-sided share of
        rounds. ``spread_share`` is the spread over the day's settlement price, or over 100 ticks where the
        price is nearer to zero, and ``tick_share`` the mean over days of what one tick is of it.
        ``two_sided_share``, ``depth_lots``, ``volume_lots_per_day`` and ``trades_per_day`` are means over
        days; a day without continuous trading counts as not two-sided.
    """
    two_sided = daily["two_sided_share"].where(daily["spread_ticks"].notna(), 0.0)
    tick_share = 1.0 / price_scale_ticks(daily)
    in_share = (daily["spread_ticks"] * tick_share).fillna(0.0)
    by_tenor = daily.assign(
        # A spread without a price to measure it by counts in ticks only.
        weight=two_sided,
        priced_weight=two_sided.where(np.isfinite(tick_share), 0.0),
        weighted_spread=daily["spread_ticks"].fillna(0.0) * two_sided,
        weighted_share=in_share * two_sided,
        tick_share=tick_share,
    ).groupby("tenor")
    return pd.DataFrame(
        {
            "spread_ticks": by_tenor["weighted_spread"].sum() / by_tenor["weight"].sum().replace(0.0, np.nan),
            "spread_share": by_tenor["weighted_share"].sum()
            / by_tenor["priced_weight"].sum().replace(0.0, np.nan),
            "tick_share": by_tenor["tick_share"].mean(),
            "depth_lots": by_tenor["depth_lots"].mean(),
            "two_sided_share": by_tenor["two_sided_share"].mean(),
            "volume_lots_per_day": by_tenor["volume_lots"].mean(),
            "trades_per_day": by_tenor["trades"].mean(),
        }
    )


def months_traded(daily: pd.DataFrame) -> pd.Series:
    """Return the lots traded in each delivery month that was ever listed, by month."""
    return daily.groupby("month")["volume_lots"].sum()


class OpenInterest(NamedTuple):
    """Open interest over all months, in lots.

    Parameters
    ----------
    first, last, peak : float
        At the close of the first day and of the last day, and the highest close.
    carried_share : float
        Median over expiries of the share of open interest that stands in the later months at the close of
        a month's last trading day, against the close before; above 1 where positions are rolled and added.
    """

    first: float
    last: float
    peak: float
    carried_share: float


def open_interest(daily: pd.DataFrame) -> OpenInterest:
    """Return the course of open interest over the run."""
    if daily.empty:
        return OpenInterest(math.nan, math.nan, math.nan, math.nan)
    total = daily.groupby("day")["open_interest_lots"].sum()
    carried = daily[~daily["final"]].groupby("day")["open_interest_lots"].sum()
    expiries = [int(day) for day in daily.loc[daily["final"], "day"] if day - 1 in total.index]
    shares = [ratio(carried.get(day, 0), total[day - 1]) for day in expiries]
    median = float(np.median(shares)) if shares else math.nan
    return OpenInterest(float(total.iloc[0]), float(total.iloc[-1]), float(total.max()), median)


def settlement_volatility(daily: pd.DataFrame, *, tenor: int, days_per_year: int) -> float:
    """Return the annualised volatility of one tenor's daily settlement price.

    Each return is the log change of one delivery month from the day before, so that a change of the
    tenor's month is no return. A pair with a price of zero or less, which has no logarithm, is left out.
    """
    ticks = daily.assign(price=as_floats(daily["settlement_ticks"])).sort_values(["month", "day"])
    before = ticks.groupby("month")["price"].shift()
    tenor = whole_number("tenor", tenor, least=0)
    usable = (ticks["tenor"] == tenor) & (ticks["price"] > 0) & (before > 0)
    returns = np.log(ticks.loc[usable, "price"] / before[usable])
    return float(returns.std(ddof=1) * math.sqrt(days_per_year)) if len(returns) > 1 else math.nan


PREMIUM_TENORS = (1, 3, 6, 11)
"""Months to delivery of which a run states the risk premium."""

CURVE_TENORS = (1, 6, 11)
"""Months to delivery of which a run states volatility and spread: the near, the middle, the far end."""


def risk_premia(daily: pd.DataFrame, contract: ContractSpec) -> pd.DataFrame:
    """Return the risk premium in each settlement price: its log over the expected final settlement.

    Positive where those who sell get more than they can expect to pay back (the market's bias of Keynes 1930
    has the other sign for a commodity that producers sell forward). Final settlements have none, nor prices
    of zero or less, nor folders from before format 6, which do not state the expectation.

    Returns
    -------
    DataFrame
        Columns ``day``, ``tenor`` and ``premium``, one row a day and month that has one.
    """
    settled_usd = prices_usd(daily["settlement_ticks"], contract)
    expected_usd = as_floats(daily["expected_usd"])
    usable = ~daily["final"].to_numpy(dtype=np.bool_) & (settled_usd > 0.0) & (expected_usd > 0.0)
    rows = daily.loc[usable, ["day", "tenor"]]
    return rows.assign(premium=np.log(settled_usd[usable] / expected_usd[usable]))


def _of_tenors(
    daily: pd.DataFrame, tenors: pd.DataFrame, contract: ContractSpec, days_per_year: int
) -> dict[str, float]:
    """Return premium, volatility and spread of a few tenors, NaN where a tenor is not listed."""
    premium = risk_premia(daily, contract).groupby("tenor")["premium"].mean()
    return {
        **{f"risk_premium_tenor_{k}": float(premium.get(k, math.nan)) for k in PREMIUM_TENORS},
        **{
            f"volatility_tenor_{k}": settlement_volatility(daily, tenor=k, days_per_year=days_per_year)
            for k in CURVE_TENORS
        },
        **{f"spread_bp_tenor_{k}": BPS * _at(tenors, "spread_share", k) for k in CURVE_TENORS},
    }


def front_basis_usd(daily: pd.DataFrame, spot: pd.DataFrame, contract: ContractSpec) -> pd.Series:
    """Return the front month's basis by day: its settlement minus the day's index fixing, USD per mSIT."""
    front = daily[daily["tenor"] == 0]
    futures = pd.Series(prices_usd(front["settlement_ticks"], contract), index=front["day"])
    fixing = spot.set_index("day")["index_fixing_usd_micro"] / USD_MICRO
    return (futures - fixing).dropna()


def convergence_ticks(daily: pd.DataFrame) -> pd.Series:
    """Return the distance from the last daily settlement to the final one, by expired month, in ticks."""
    prices = daily.assign(price=as_floats(daily["settlement_ticks"])).sort_values("day")
    final = prices[prices["final"]].groupby("month")["price"].last()
    last = prices[~prices["final"]].groupby("month")["price"].last()
    return (last - final).abs().dropna()


class MarginCalls(NamedTuple):
    """How margin calls ended; a call computed again while open counts once.

    Parameters
    ----------
    calls, met_at_once, missed : int
        All calls, those paid in full in the round of the call, and those that were still owed when their
        deadline came: the account then defaults or, where the rules give it time, is reduced first.
    amount_usd, met_cash_usd, met_credit_usd : float
        Called in all, and the parts met from bank cash and from the credit line.
    """

    calls: int
    met_at_once: int
    missed: int
    amount_usd: float
    met_cash_usd: float
    met_credit_usd: float


def margin_calls(calls: pd.DataFrame, defaults: pd.DataFrame) -> MarginCalls:
    """Return how many calls were made, met and missed."""
    open_calls = calls.sort_values(["day", "round"], kind="stable").groupby(["account", "deadline_round"])
    first_left = open_calls["outstanding_usd_micro"].first()
    cash = float(calls["met_cash_usd_micro"].sum()) / USD_MICRO
    credit = float(calls["met_credit_usd_micro"].sum()) / USD_MICRO
    left = float(open_calls["outstanding_usd_micro"].last().sum()) / USD_MICRO
    return MarginCalls(
        calls=len(first_left),
        met_at_once=int((first_left == 0).sum()),
        missed=_missed(defaults),
        amount_usd=cash + credit + left,
        met_cash_usd=cash,
        met_credit_usd=credit,
    )


def _missed(defaults: pd.DataFrame) -> int:
    """Return how many calls were missed: an account that is reduced and then defaults has missed one."""
    reduced = defaults.loc[defaults["event"] == "forced_reduction", "account"]
    failed = defaults.loc[defaults["event"] == "client_default", "account"]
    return len(reduced) + int((~failed.isin(reduced)).sum())


def market_metrics(
    tables: Mapping[str, pd.DataFrame], contract: ContractSpec, calendar: TradingCalendar
) -> dict[str, float]:
    """Return the numbers about a run that depend on its tables alone, by name.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        At least the tables of the ``summary`` profile.
    contract, calendar
        Of the run.
    """
    daily, defaults = tables["daily"], tables["defaults"]
    finished = defaults[defaults["event"] == "close_out_finished"]
    tenors = liquidity_by_tenor(daily)
    traded = months_traded(daily)
    interest = open_interest(daily)
    calls = margin_calls(tables["margin_calls"], defaults)
    convergence = convergence_ticks(daily)
    hedge = hedge_effect(tables["hedging"])
    bills = hedge_effect(tables["hedging"], against="expected_need")
    year = calendar.days_per_year
    return {
        "front_two_sided_share": _at(tenors, "two_sided_share", 0),
        "front_spread_ticks": _at(tenors, "spread_ticks", 0),
        "front_spread_share": _at(tenors, "spread_share", 0),
        "last_spread_share": float(tenors["spread_share"].iloc[-1]) if len(tenors) else math.nan,
        "front_spread_usd": _at(tenors, "spread_ticks", 0) * contract.tick_size_usd_micro / USD_MICRO,
        "front_depth_lots": _at(tenors, "depth_lots", 0),
        "volume_lots": float(daily["volume_lots"].sum()),
        "auction_volume_share": ratio(daily["auction_lots"].sum(), daily["volume_lots"].sum()),
        "limit_halts": _caused(tables["halts"], "limit"),
        "interruptions": _caused(tables["halts"], "interruption"),
        "months_listed": float(len(traded)),
        "months_traded": float((traded > 0).sum()),
        "open_interest_first_lots": interest.first,
        "open_interest_last_lots": interest.last,
        "open_interest_carried_share": interest.carried_share,
        "front_settlement_volatility": settlement_volatility(daily, tenor=0, days_per_year=year),
        "next_settlement_volatility": settlement_volatility(daily, tenor=1, days_per_year=year),
        **_of_tenors(daily, tenors, contract, year),
        "front_basis_usd": float(front_basis_usd(daily, tables["spot"], contract).mean()),
        "convergence_ticks": float(convergence.median()),
        "margin_calls": float(calls.calls),
        "margin_calls_met_at_once": float(calls.met_at_once),
        "margin_calls_missed": float(calls.missed),
        "client_defaults": float((defaults["event"] == "client_default").sum()),
        "member_defaults": float((defaults["event"] == "member_default").sum()),
        "uncovered_loss_usd": float(finished["uncovered_usd_micro"].sum()) / USD_MICRO,
        **margin_metrics(tables),
        **capital_metrics(tables),
        **_reductions_within(hedge),
        "volatility_reduction_within_bills": bills.volatility_reduction_within,
        "volatility_reduction_within_bills_weighted": bills.volatility_reduction_within_weighted,
        "hedge_abandonment": hedge_abandonment(tables["hedging"], tables["hedge_events"], defaults),
        **maker_metrics(tables),
        **class_money_metrics(tables, days_per_year=year),
        **class_metrics(tables),
    }


def _reductions_within(hedge: HedgeEffect) -> dict[str, float]:
    """Return the reductions within the run, and four of them by their earlier names, for this version yet."""
    values = hedge._asdict()
    within = {name: value for name, value in values.items() if "_reduction_" in name}
    earlier = {
        name.replace("_within", ""): value for name, value in within.items() if not name.endswith("_weighted")
    }
    return within | earlier


def _caused(halts: pd.DataFrame, kind: str) -> float:
    """Return how many months stopped for a reason of their own price."""
    return float(((halts["kind"] == kind) & halts["is_cause"]).sum())


def _at(tenors: pd.DataFrame, column: str, tenor: int) -> float:
    return float(tenors[column].get(tenor, math.nan))

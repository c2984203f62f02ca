"""Numbers about a run that say who stood behind it: owners that refill, a house that fronts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from abm.core.money import USD_MICRO


def owners_by_class(agents: pd.DataFrame) -> pd.DataFrame:
    """Return what came and went outside trading, by class of traders.

    Parameters
    ----------
    agents : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame, indexed by class
        ``accounts``; in USD ``start``, the equity at the start; ``lost``, the losses of the accounts that
        lost by trading, none set off against another's gain; ``paid_out``, ``brought_in`` and
        ``outside_gain``; ``refilled``, what owners brought into each account, at most its loss: beyond that
        it is capital for a dearer market; and ``refill_share`` of what was lost, NaN where nobody lost.
    """
    lost = (-agents["pnl_usd_micro"]).clip(lower=0) / USD_MICRO
    brought_in = agents["brought_in_usd_micro"] / USD_MICRO
    usd = pd.DataFrame(
        {
            "agent_class": agents["agent_class"],
            "accounts": 1,
            "start": agents["initial_equity_usd_micro"] / USD_MICRO,
            "lost": lost,
            "paid_out": agents["paid_out_usd_micro"] / USD_MICRO,
            "brought_in": brought_in,
            "refilled": brought_in.clip(upper=lost),
            "outside_gain": agents["outside_gain_usd_micro"] / USD_MICRO,
        }
    )
    table = usd.groupby("agent_class").sum()
    table["refill_share"] = table["refilled"] / table["lost"].where(table["lost"] > 0.0)
    return table


def capital_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return what the house fronted, what defaulters' collateral did not cover, and what owners refilled.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        At least ``agents`` and ``defaults``; ``clearing_days`` where there is one.

    Returns
    -------
    dict of str to float
        ``worst_liquidity_need_usd``, the largest of a day, NaN in a folder before format 6;
        ``loss_beyond_collateral_usd``; ``owners_refill_share``, the share of all losses by trading that
        owners made good, NaN where nobody lost.
    """
    owners = owners_by_class(tables["agents"])
    lost = float(owners["lost"].sum())
    loss = float(tables["defaults"]["loss_usd_micro"].sum()) / USD_MICRO
    return {
        "worst_liquidity_need_usd": _worst_need_usd(tables),
        "loss_beyond_collateral_usd": loss,
        "owners_refill_share": float(owners["refilled"].sum()) / lost if lost > 0.0 else math.nan,
    }


def _worst_need_usd(tables: Mapping[str, pd.DataFrame]) -> float:
    if "clearing_days" not in tables:
        return math.nan
    need = tables["clearing_days"]["liquidity_need_usd_micro"]
    return float(need.max()) / USD_MICRO if need.notna().any() else math.nan

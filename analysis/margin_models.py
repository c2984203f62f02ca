"""Margin models side by side on the same positions: cost, coverage and procyclicality of each."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO
from abm.recording.metrics import ratio

from .clearing_house import SIGNIFICANCE, MarginTerms
from .margin_backtest import christoffersen_test, kupiec_test, procyclicality
from .margin_power import christoffersen_power, kupiec_power, said_of_power
from .wording import decimal, percent, usd

SECOND_MONTH = 1
"""Tenor whose lot is tested: the front month's margin falls with its fixings, whatever the model does."""
RISE_DAYS = (1, 5, 20)
"""Days over which the largest rises are taken."""


def margin_model_table(
    models: pd.DataFrame, lots: pd.DataFrame, terms: MarginTerms, *, tenor: int = SECOND_MONTH
) -> pd.DataFrame:
    """Return cost, coverage and procyclicality of each margin model on the positions and days of a run.

    Parameters
    ----------
    models, lots : DataFrame
        The tables ``margin_models`` and ``margin_model_lots``.
    terms : MarginTerms
        What margin is meant to cover.
    tenor : int
        Months to delivery of the lot that is tested and followed.

    Returns
    -------
    DataFrame, indexed by model, the run's own first
        ``own``; ``mean_requirement_usd`` of all accounts together over closes, and ``share_of_notional``, the
        sum of requirements over that of the value of the positions. ``account_days``, ``account_breaches``,
        ``coverage`` (share of account-days without a breach), ``largest_excess_usd`` and
        ``total_excess_usd`` are of accounts and no test: one price move hits many of them at once.

        Tested is one lot of the tenor, long and short together, on ``periods`` without a common day: at most
        one side can lose more than its margin in a period, so ``lot_breaches`` are to be a share
        ``2 (1 - confidence)`` of them. ``kupiec_p`` is of that share, ``kupiec_power`` the chance to reject
        if the true one is twice that; ``independence_p`` is Christoffersen's, ``independence_power`` its
        chance to reject if one breach in four is followed by another.

        ``peak_to_trough`` and ``largest_rise_1``, ``_5`` and ``_20`` (days) are ratios of the margin of that
        lot as a share of its value: no price moves them, only the model.

        What cannot be measured is NaN, and ``not_measured`` says why, empty where all is.

    Raises
    ------
    ParameterError
        If no lot of this tenor was recorded.
    """
    tenor = whole_number("tenor", tenor, least=0)
    followed = lots[lots["tenor"] == tenor]
    if followed.empty and len(lots):
        known = ", ".join(str(each) for each in sorted(lots["tenor"].unique()))
        raise ParameterError(f"tenor: {tenor} is not one of the recorded {known}")
    names = models.drop_duplicates("model").sort_values("own", ascending=False, kind="stable")["model"]
    rows = {}
    for name in names:
        accounts = models[models["model"] == name]
        lot = followed[followed["model"] == name].sort_values("day")
        tests, untested = _tests(lot, terms)
        course, unfollowed = _course(lot)
        costs = _cost_and_coverage(accounts)
        unheld = [] if costs["account_days"] else ["share of notional and coverage: nobody held a position"]
        said = "; ".join((*unheld, *untested, *unfollowed))
        rows[name] = {**costs, **tests, **course, "not_measured": said}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _cost_and_coverage(accounts: pd.DataFrame) -> dict[str, object]:
    required, breaches = accounts["requirement_usd_micro"], int(accounts["breaches"].sum())
    account_days = int(accounts["accounts"].sum())
    return {
        "own": bool(accounts["own"].iloc[0]),
        "mean_requirement_usd": float(required.mean()) / USD_MICRO,
        "share_of_notional": ratio(float(required.sum()), float(accounts["notional_usd_micro"].sum())),
        "account_days": account_days,
        "account_breaches": breaches,
        "coverage": 1.0 - ratio(breaches, account_days),
        "largest_excess_usd": float(accounts["largest_excess_usd_micro"].max()) / USD_MICRO,
        "total_excess_usd": float(accounts["total_excess_usd_micro"].sum()) / USD_MICRO,
    }


def two_sided(terms: MarginTerms) -> float:
    """Return the share of periods in which neither a long nor a short lot shall lose more than its margin."""
    return 1.0 - 2.0 * (1.0 - terms.confidence)


def _tests(lot: pd.DataFrame, terms: MarginTerms) -> tuple[dict[str, float], list[str]]:
    apart = lot[(lot["day"] - lot["day"].min()) % terms.mpor_days == 0]
    hit = (apart["loss_usd_micro"].abs() > apart["requirement_usd_micro"]).to_numpy(dtype=np.bool_)
    periods, breaches, covered = len(hit), int(hit.sum()), two_sided(terms)
    independence = christoffersen_test(hit).p_value
    untested = []
    if periods == 0:
        untested.append("coverage: no margin period was over")
    elif math.isnan(independence):
        kind = "one without a breach" if hit[:-1].any() else "a breach"
        untested.append(f"independence: no period follows {kind}")
    return {
        "periods": periods,
        "lot_breaches": breaches,
        "kupiec_p": kupiec_test(breaches, periods, covered).p_value,
        "kupiec_power": kupiec_power(periods, covered),
        "independence_p": independence,
        "independence_power": christoffersen_power(periods, covered),
    }, untested


def _course(lot: pd.DataFrame) -> tuple[dict[str, float], list[str]]:
    """Return how the margin of a lot moved as a share of its value, and why a ratio has no value."""
    value = lot["notional_usd_micro"].to_numpy(dtype=np.float64)
    required = lot["requirement_usd_micro"].to_numpy(dtype=np.float64)
    names = ("peak_to_trough", *(f"largest_rise_{days}" for days in RISE_DAYS))
    if not len(lot) or not (required > 0.0).all() or not (value > 0.0).all():
        why = "no margin period was over" if not len(lot) else "the lot needed no margin on some day"
        return dict.fromkeys(names, math.nan), [f"rises: {why}"]
    found = procyclicality(required / value, RISE_DAYS)
    short = [days for days, rise in found.largest_call_ratio.items() if math.isnan(rise)]
    said = [f"rise over {days} days: {len(lot)} closes are too few" for days in short]
    return dict(zip(names, (found.peak_to_trough, *found.largest_call_ratio.values()), strict=True)), said


def said_of_models(table: pd.DataFrame, terms: MarginTerms) -> str:
    """Return in words which models cost least and most, which Kupiec's test rejects, and what it can tell.

    Parameters
    ----------
    table : DataFrame
        As of ``margin_model_table``, with a model at least.
    terms : MarginTerms
        What margin is meant to cover.
    """
    by_cost = table.sort_values("mean_requirement_usd", kind="stable")
    ends = [(str(name), by_cost.loc[name]) for name in dict.fromkeys(by_cost.index[[0, -1]])]
    cost = ", most ".join(
        f"{_plain(name)} with {usd(row.mean_requirement_usd)} ({percent(row.share_of_notional)} of notional)"
        for name, row in ends
    )
    periods = int(table["periods"].min())
    rejected = table[table["kupiec_p"] < SIGNIFICANCE]
    expected = rejected["periods"] * (1.0 - two_sided(terms))
    many = rejected["lot_breaches"] > expected
    verdicts = [
        f"{words} of {', '.join(_plain(str(name)) for name in rejected.index[which])}"
        for words, which in (("too many breaches", many), ("too few", ~many))
        if which.any()
    ]
    if not periods:
        return f"Least margin: {cost}. No margin period was over, so that nothing could be tested."
    size = decimal(kupiec_power(periods, two_sided(terms), times=1.0))
    tested = f"Kupiec's test finds {' and '.join(verdicts)}" if verdicts else "Kupiec's test rejects no model"
    return (
        f"Least margin: {cost}. {tested}; {said_of_power(periods, two_sided(terms))}, and margin that covers "
        f"as asked is rejected with probability {size}."
    )


def _plain(model: str) -> str:
    return model.replace("_", " ")

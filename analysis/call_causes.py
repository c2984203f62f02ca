"""Why margin was called: each call of a run shared among what raised it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abm.core.money import USD_MICRO

CAUSES = {
    "loss_usd": "losses",
    "model_rise_usd": "margin model",
    "position_rise_usd": "bigger positions",
    "other_usd": "carried over, fees",
}
"""Columns of ``calls_by_cause`` and their names; the last is what was missing before, and fees."""


def calls_by_cause(calls: pd.DataFrame) -> pd.DataFrame:
    """Return each margin call of a run, shared among its causes.

    A call adds up what raised it and what lowered it since the last margin cycle: a loss or a gain, a higher
    or a lower margin per lot, a bigger or a smaller position, and all else. The causes that raised it share
    the amount in proportion to what each adds; so a gain, or collateral in excess, is credited to all of them
    alike. A call that is computed again while it is open is one call.

    Parameters
    ----------
    calls : DataFrame
        The table ``margin_calls``.

    Returns
    -------
    DataFrame
        One row per call: ``day`` of its first row, ``account``, ``amount_usd`` (met, or owed in the end) and
        its parts, not negative and summing to it: the columns of ``CAUSES``.
    """
    rows = calls.sort_values(["day", "round"], kind="stable")
    by_call = ["account", "deadline_round"]
    # A row of an open call restates what the row before left unpaid, which is no new need.
    restated = rows.groupby(by_call)["outstanding_usd_micro"].shift(fill_value=0)
    rows = rows.assign(
        amount_usd=(rows["amount_usd_micro"] - restated) / USD_MICRO,
        loss_usd=rows["loss_usd_micro"] / USD_MICRO,
        model_rise_usd=rows["model_rise_usd_micro"] / USD_MICRO,
        position_rise_usd=rows["position_rise_usd_micro"] / USD_MICRO,
        other_usd=(rows["carried_usd_micro"] - restated) / USD_MICRO,
    )
    grouped = rows.groupby(by_call, sort=False)
    of_call = grouped[["amount_usd", *CAUSES]].sum()
    raising = np.maximum(of_call[list(CAUSES)].to_numpy(dtype=np.float64), 0.0)
    # What raised a call sums to at least its amount, which is positive.
    shares = raising / raising.sum(axis=1, keepdims=True)
    of_call[list(CAUSES)] = shares * of_call[["amount_usd"]].to_numpy()
    days = grouped["day"].first()
    return of_call.assign(day=days).reset_index()[["day", "account", "amount_usd", *CAUSES]]

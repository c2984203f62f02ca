"""The risk premium of futures by months to delivery, with an interval over runs or over the days of one.

A premium is ln(settlement / expected final settlement): what who buys pays beyond what the price is expected
to come to, by what the public knows that day (Keynes 1930; Bessembinder and Lemmon 2002 for a commodity that
cannot be stored). The expectation is that of what happens, not that of pricing: where a scenario's
``spot.premium`` is in the model price, it counts as premium.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from abm.core.arguments import seed_number, whole_number
from abm.core.arrays import FloatArray
from abm.recording import RunFolder
from abm.recording.metrics import risk_premia

from ..inference.given import share
from ..inference.intervals import mean_interval
from ..inference.resampling import day_bootstrap
from ..runs import Run, load

BLOCK_DAYS = 21
"""A month: the premium of a day is nearly that of the day before, for positions last (judgement)."""


def risk_premium(
    runs: Run | Sequence[Run],
    *,
    confidence: float = 0.95,
    block_days: int = BLOCK_DAYS,
    draws: int = 499,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the mean risk premium by months to delivery, with an interval.

    Several runs: the interval is that of the mean over runs, by Student's t. One run: its days are drawn
    again in blocks, which says nothing about other seeds.

    Parameters
    ----------
    runs : RunFolder or path, or a sequence of them
        Of format 6 or later; earlier ones do not state what was expected.
    confidence : float
        Of each interval by itself.
    block_days : int
        Mean length of a block.
    draws, seed : int
        Resamples of the days of one run, and the seed that draws them.

    Returns
    -------
    DataFrame
        Columns ``tenor``, ``premium`` (a log, so nearly a share of the price), ``low``, ``high``, ``n`` (runs
        or days), ``method`` and ``reason``, one row a tenor, those of the front month included.

    Raises
    ------
    RunFolderError
        If a folder is not a readable run.
    ParameterError
        If an argument is outside its domain.
    """
    level, source = share("confidence", confidence), seed_number("seed", seed)
    block, count = whole_number("block_days", block_days, least=1), whole_number("draws", draws, least=100)
    opened = [load(run) for run in ([runs] if isinstance(runs, Run) else runs)]
    tables = [_by_day(run) for run in opened]
    tenors = sorted({tenor for table in tables for tenor in table.columns})
    rows: list[dict[str, Any]] = []
    for tenor in tenors:
        own = [table[tenor].to_numpy() for table in tables if tenor in table]
        if len(tables) == 1:
            rows.append(_over_days(own[0], level, block, count, source))
        else:
            means = [float(np.nanmean(premium)) for premium in own]
            found = mean_interval([*means, *[math.nan] * (len(tables) - len(own))], confidence=level)
            rows.append(
                {"premium": found.mean, "low": found.low, "high": found.high, "n": found.n}
                | {"method": "Student's t over runs", "reason": found.reason}
            )
    columns = ["tenor", "premium", "low", "high", "n", "method", "reason"]
    return pd.DataFrame(
        [{"tenor": tenor} | row for tenor, row in zip(tenors, rows, strict=True)], columns=columns
    )


def _by_day(run: RunFolder) -> pd.DataFrame:
    """Return premia by day and tenor, NaN where a day has none."""
    return risk_premia(run.tables["daily"], run.contract).pivot(
        index="day", columns="tenor", values="premium"
    )


def _over_days(premium: FloatArray, confidence: float, block: int, draws: int, seed: int) -> dict[str, Any]:
    known = premium[np.isfinite(premium)]
    interval = day_bootstrap(
        len(known),
        lambda drawn: float(known[drawn].mean()),
        block=block,
        draws=draws,
        seed=seed,
        confidence=confidence,
    )
    return {"premium": float(known.mean()), "low": interval.low, "high": interval.high, "n": len(known)} | {
        "method": "blocks of days",
        "reason": interval.reason,
    }

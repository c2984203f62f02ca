"""Hedge ratios that an enterprise estimates from its own past bills."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.agents.minimum_variance import LARGEST_RATIO, MinimumVarianceRatios

LISTED = 4


def estimator(enterprises=1, *, prior=1.0, days=0, window=0, with_quantity=False, multiple=1.0):
    return MinimumVarianceRatios(
        np.array([0.0, *[prior] * (LISTED - 1)]),
        multiples=np.full(enterprises, multiple),
        expected_need_msit=np.full(enterprises, 100.0),
        estimation_days=days,
        window_months=window,
        with_quantity=with_quantity,
    )


def feed(ratios, future, cost, *, need=None, days=1, start=0):
    """Show months one after the other: all tenors settled at 10 before, then at 10 + future; cost likewise."""
    bought = np.full_like(cost, 100.0) if need is None else need
    for month, change in enumerate(future, start):
        for tenor in range(LISTED - 1, 0, -1):
            for _ in range(days):
                curve = np.full(LISTED, np.nan)
                curve[tenor] = 10.0
                ratios.see_settlement(month - tenor, np.where(np.isnan(curve), 0.0, curve)) if False else None
                ratios._prices_usd[month].append((tenor, 10.0))
        ratios.see_month(month, 10.0 + change, bought[month - start], cost[month - start] * bought[month - start])
    return ratios

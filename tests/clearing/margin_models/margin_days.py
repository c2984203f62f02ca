"""Settlement days of small futures curves, for the tests of this folder. One tick is one dollar a lot."""

from __future__ import annotations

import numpy as np

from abm.clearing.margin_models import MarginBasis, MarginDay

USD = 1_000_000
BPS = 10_000


def basis(history=None, *, slots=3, floor=100):
    """No history by default: for models that need none."""
    return MarginBasis(USD, floor, np.zeros((0, slots)) if history is None else history)


def day(*prices, tenor=None, share=None, months=None, volume=None):
    """By slot; by default slot k holds month k with tenor k, all fixings to come, nothing traded."""
    count = len(prices)
    tenors = np.arange(count) if tenor is None else np.array(tenor)
    return MarginDay(
        settlement_ticks=np.array(prices, dtype=np.int64),
        tenor=tenors,
        remaining_share_bps=np.full(count, BPS) if share is None else np.array(share),
        months=tenors if months is None else np.array(months),
        volume_lots=np.zeros(count, dtype=np.int64) if volume is None else np.array(volume),
    )


def alternating(size, days, slots=3):
    """Moves of one size, up and down in turn, all tenors alike: their volatility is exactly that size."""
    signs = np.where(np.arange(days) % 2 == 0, 1.0, -1.0)
    return np.repeat((size * signs)[:, None], slots, axis=1)


def random_moves(seed, days, slots=3):
    """Fat-tailed moves that are correlated between tenors and smaller for longer ones."""
    rng = np.random.default_rng(seed)
    common, own = rng.standard_t(4, (days, 1)), rng.standard_t(4, (days, slots))
    return (0.02 * common + 0.01 * own) * np.linspace(1.0, 0.6, slots)


def share_bps(coming_day, days_per_month=21):
    """Share of the front month's fixings that a coming day still finds open, rounded up."""
    return -(-(days_per_month - coming_day % days_per_month) * BPS // days_per_month)


def market(moves, *, start=1_000_000, days_per_month=21, opening_day=0):
    """The days of a market whose contracts move by these moves of their tenors, with the opening first.

    Fixed prices count in the front month, so its settlement moves by its share of fixings to come.
    """
    slots = moves.shape[1]
    prices = np.full(slots, start, dtype=np.int64)  # by tenor
    days = []
    for at in range(len(moves) + 1):
        today = opening_day + at
        if at > 0:
            share = np.ones(slots)
            share[0] = share_bps(today - 1, days_per_month) / BPS
            prices = np.rint(prices * (1.0 + moves[at - 1] * share)).astype(np.int64)
            if today % days_per_month == 0:
                prices = np.append(prices[1:], prices[-1])
        front = today // days_per_month
        months = front + np.arange(slots)
        by_slot = np.argsort(months % slots)
        left = np.full(slots, BPS)
        left[0] = share_bps(today, days_per_month)
        days.append(
            day(
                *prices[by_slot],
                tenor=np.arange(slots)[by_slot],
                share=left[by_slot],
                months=months[by_slot],
                volume=np.full(slots, 100),
            )
        )
    return days


def observed(model, days):
    for each in days:
        model.observe(each)
    return model


def lots(*rows):
    return np.array(rows, dtype=np.int64)


def usd(amounts):
    return [amount / USD for amount in amounts.tolist()]


def one_account(model, *position):
    return int(model.per_account_usd_micro(lots(position))[0])


def level(model, price):
    """Margin of one lot of the second slot over its value."""
    return int(model.per_lot_usd_micro()[1]) / (price * USD)

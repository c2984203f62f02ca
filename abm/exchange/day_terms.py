"""Terms of a trading day, checked once for every engine."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import whole_array, whole_number
from abm.core.errors import ParameterError

MAX_LADDER_TICKS = 20_000_000
"""Widest price range of a month that an engine takes: a wider one is a mistake in units."""


class TradingDay(NamedTuple):
    """Checked terms of one trading day, one row per slot."""

    day: int
    months: NDArray[np.int64]
    reference_ticks: NDArray[np.int64]
    low_ticks: NDArray[np.int64]
    high_ticks: NDArray[np.int64]
    is_daily_limit: NDArray[np.bool_]
    protection_ticks: NDArray[np.int64]
    band_ticks: NDArray[np.int64]
    interruption_ticks: NDArray[np.int64]


def checked_day(
    n_slots: int,
    *,
    months: NDArray[np.int64],
    reference_ticks: NDArray[np.int64],
    low_ticks: NDArray[np.int64],
    high_ticks: NDArray[np.int64],
    is_daily_limit: NDArray[np.bool_],
    protection_ticks: NDArray[np.int64],
    band_ticks: NDArray[np.int64] | None = None,
    interruption_ticks: NDArray[np.int64] | None = None,
    day: int = 0,
) -> TradingDay:
    """Return the terms of a trading day as arrays of one row per slot, or raise ``ParameterError``."""

    def wide(name: str, given: NDArray[np.int64] | None) -> NDArray[np.int64]:
        none = np.zeros(n_slots, dtype=np.int64)
        return none if given is None else whole_array(f"open_day {name}", given).copy()

    terms = TradingDay(
        day=whole_number("day", day),
        months=whole_array("open_day months", months).copy(),
        reference_ticks=whole_array("open_day reference_ticks", reference_ticks).copy(),
        low_ticks=whole_array("open_day low_ticks", low_ticks).copy(),
        high_ticks=whole_array("open_day high_ticks", high_ticks).copy(),
        is_daily_limit=np.array(is_daily_limit, dtype=np.bool_),
        protection_ticks=whole_array("open_day protection_ticks", protection_ticks).copy(),
        band_ticks=wide("band_ticks", band_ticks),
        interruption_ticks=wide("interruption_ticks", interruption_ticks),
    )
    for name, column in list(terms._asdict().items())[1:]:
        if column.shape != (n_slots,):
            raise ParameterError(f"open_day {name}: shape {column.shape} is not ({n_slots},)")
    assert np.all(terms.months >= 0), f"months {terms.months} are not absolute delivery months"
    assert np.array_equal(terms.months % n_slots, np.arange(n_slots)), (
        f"months {terms.months} are not in slots"
    )
    assert int(np.ptp(terms.months)) == n_slots - 1, f"months {terms.months} are not consecutive"
    for slot in range(n_slots):
        low, high = int(terms.low_ticks[slot]), int(terms.high_ticks[slot])
        month = f"open_day month {terms.months[slot]}"
        if not low <= int(terms.reference_ticks[slot]) <= high:
            raise ParameterError(
                f"{month}: reference {terms.reference_ticks[slot]} is not in [{low}, {high}] ticks"
            )
        _check_width(month, low, high)
        for name in ("protection_ticks", "band_ticks", "interruption_ticks"):
            width = getattr(terms, name)[slot]
            if width < 0:
                raise ParameterError(f"{month}: {name} {width} is not >= 0")
    return terms


def check_wider(months: NDArray[np.int64], old: tuple[int, int], new: tuple[int, int], slot: int) -> None:
    """Raise ``ParameterError`` unless a slot's new price range holds the old one and is not too wide."""
    month = f"widen_range month {months[slot]}"
    if not (new[0] <= old[0] and old[1] <= new[1]):
        raise ParameterError(f"{month}: [{new[0]}, {new[1]}] does not hold [{old[0]}, {old[1]}] ticks")
    _check_width(month, *new)


def _check_width(month: str, low: int, high: int) -> None:
    if high - low >= MAX_LADDER_TICKS:
        raise ParameterError(f"{month}: range [{low}, {high}] is not under {MAX_LADDER_TICKS} ticks wide")

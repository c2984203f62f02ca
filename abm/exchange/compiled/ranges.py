"""Price ranges of all instruments and the part of the ladder that each book gets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.exchange.compiled.state import UNLISTED, WORD_BITS, BookState


class Layout(NamedTuple):
    """Where each book stands in the ladder, int64 of one row per book."""

    bases: NDArray[np.int64]
    n_levels: NDArray[np.int64]
    origin_ticks: NDArray[np.int64]


def set_ranges(state: BookState, low_ticks: NDArray[np.int64], high_ticks: NDArray[np.int64]) -> None:
    """Set the ranges of the months, and those of the spreads, which are what the legs allow."""
    instruments = state.instruments
    n_slots = len(low_ticks)
    instruments["low_ticks"][:n_slots] = low_ticks
    instruments["high_ticks"][:n_slots] = high_ticks
    far = instruments["far_slot"][n_slots:]
    near = np.arange(len(far)) % n_slots
    instruments["low_ticks"][n_slots:] = low_ticks[near] - high_ticks[far]
    instruments["high_ticks"][n_slots:] = high_ticks[near] - low_ticks[far]


def list_spreads(state: BookState) -> None:
    """List exactly the spreads whose two legs are listed."""
    instruments = state.instruments
    n_slots = int(state.counters["n_slots"][0])
    spreads = instruments[n_slots:]
    months = instruments["month"][:n_slots]
    near = months[np.arange(len(spreads)) % n_slots]
    far = months[spreads["far_slot"]]
    is_listed = (near != UNLISTED) & (far == near + spreads["spread_months"])
    spreads["month"] = np.where(is_listed, near, UNLISTED)


def laid_out(state: BookState) -> Layout:
    """Return the layout for the ranges as they are; a book that is not listed gets one level."""
    instruments = state.instruments[state.books["instrument"]]
    is_listed = instruments["month"] != UNLISTED
    width = instruments["high_ticks"] - instruments["low_ticks"] + 1
    n_levels = np.where(is_listed, width, 1)
    room = -(-n_levels // WORD_BITS) * WORD_BITS
    origin = np.where(state.books["step"] < 0, instruments["high_ticks"], instruments["low_ticks"])
    return Layout(np.cumsum(room) - room, n_levels, origin)


def ladder_size(layout: Layout) -> int:
    """Return how many levels a layout takes in all."""
    return int(layout.bases[-1] + -(-layout.n_levels[-1] // WORD_BITS) * WORD_BITS)

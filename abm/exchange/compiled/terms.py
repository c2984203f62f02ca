"""Kernels that read the terms of a month or spread: what a message is about, reference, range, phase."""

from __future__ import annotations

import numpy as np

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, RejectReason, TradingPhase
from abm.exchange.compiled.state import BookState
from abm.exchange.compiled.words import wide

_NONE = int(RejectReason.NONE)
_MONTH_NOT_LISTED = int(RejectReason.MONTH_NOT_LISTED)
_SPREAD_NOT_LISTED = int(RejectReason.SPREAD_NOT_LISTED)
_MONTH_HALTED = int(RejectReason.MONTH_HALTED)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_AUCTION = int(TradingPhase.AUCTION)
_HALT = int(TradingPhase.HALT)


@kernel(inline=True, allocates=False)
def listed_slot(state: BookState, month: int) -> int:
    """Return the slot of a listed month, or -1."""
    if month < 0:
        return -1
    # Unsigned 32-bit division is several times faster, and this runs for every order.
    slot = wide(np.uint32(np.int64(month)) % np.uint32(state.counters[0].n_slots))
    return slot if state.instruments[slot].month == month else -1


@kernel(inline=True, allocates=False)
def find_instrument(state: BookState, month: int, spread_months: int) -> int:
    """Return the row of a listed month or spread, or the negative of the reason why there is none."""
    row = listed_slot(state, month)
    if row < 0:
        return -_MONTH_NOT_LISTED
    if spread_months == 0:
        return row
    row += wide(state.counters[0].n_slots)
    while row < state.instruments.shape[0]:
        terms = state.instruments[row]
        if terms.spread_months == spread_months and terms.month == month:
            return row
        row += wide(state.counters[0].n_slots)
    return -_SPREAD_NOT_LISTED


@kernel(inline=True, allocates=False)
def trades_continuously(state: BookState, instrument: int) -> bool:
    """Say whether a month, or both legs of a spread, are in continuous trading."""
    near = state.instruments[instrument % state.counters[0].n_slots]
    far = state.instruments[state.instruments[instrument].far_slot]  # of a month: itself
    return bool(near.phase == _CONTINUOUS and far.phase == _CONTINUOUS)


@kernel(inline=True, allocates=False)
def collects(state: BookState, instrument: int) -> bool:
    """Say whether an instrument is a month in an auction."""
    is_month = instrument < state.counters[0].n_slots
    return bool(is_month and state.instruments[instrument].phase == _AUCTION)


@kernel(inline=True, allocates=False)
def refusal_of_phase(state: BookState, instrument: int) -> int:
    """Return ``MONTH_HALTED`` if a month is halted or a leg of a spread not in continuous trading."""
    if instrument < state.counters[0].n_slots:
        halted = state.instruments[instrument].phase == _HALT
    else:
        halted = not trades_continuously(state, instrument)
    return _MONTH_HALTED if halted else _NONE


@kernel(inline=True, allocates=False)
def latest_price(state: BookState, slot: int) -> int:
    """Return today's last trade of a month, before the first the reference of the day."""
    last_trade = wide(state.instruments[slot].last_trade_ticks)
    return last_trade if last_trade != NO_PRICE else wide(state.instruments[slot].reference_ticks)


@kernel(inline=True, allocates=False)
def is_calm_at(state: BookState, slot: int, price_ticks: int, reference_ticks: int) -> bool:
    """Say whether an execution at a price would not interrupt trading."""
    width = state.instruments[slot].interruption_ticks
    return bool(width == 0 or abs(price_ticks - reference_ticks) <= width)


@kernel(inline=True, allocates=False)
def is_outside_band(state: BookState, slot: int, side: int, price_ticks: int) -> bool:
    """Say whether a price is further on the aggressive side of the latest price than the band allows."""
    width = state.instruments[slot].band_ticks
    return bool(width > 0 and (price_ticks - latest_price(state, slot)) * side > width)


@kernel(inline=True, allocates=False)
def set_phase(state: BookState, slot: int, phase: int) -> None:
    """Set the trading phase of a month."""
    state.instruments[slot].phase = phase
    is_fifo = state.counters[0].is_pro_rata == 0
    state.instruments[slot].is_plain = wide(is_fifo and phase == _CONTINUOUS)

"""Kernels of the elementary events: a trade, a cancellation, an order that comes to rest."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import MessageKind, Side, TimeInForce
from abm.exchange.compiled.exposure import shift_exposure, shift_resting
from abm.exchange.compiled.ladder import (
    count_special,
    level_of,
    list_order,
    queue_order,
    refill_iceberg,
    release_order,
    set_lots,
    take_free_row,
)
from abm.exchange.compiled.state import BookState
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_STOP = int(MessageKind.STOP)
_STOP_LIMIT = int(MessageKind.STOP_LIMIT)
_DAY = int(TimeInForce.DAY)
_GTD = int(TimeInForce.GTD)


@kernel(inline=True, allocates=False)
def record_trade(
    state: BookState, order: Any, maker: Any, slot: int, price_ticks: int, lots: int, side: int
) -> Any:
    """Write one execution of an incoming order, on its side of a month, against a resting one."""
    trade = state.trades[state.counters[0].n_trades]
    state.counters[0].n_trades += 1
    trade.price_ticks = price_ticks
    trade.lots = lots
    trade.maker_order_id = maker.order_id
    trade.taker_order_id = order.order_id
    trade.month = state.instruments[slot].month
    trade.aggressor_side = side
    trade.spread_months = 0
    if side == _BUY:
        trade.buyer = order.account
        trade.seller = maker.account
    else:
        trade.buyer = maker.account
        trade.seller = order.account
    return trade


@kernel(inline=True, allocates=False)
def note_price(state: BookState, slot: int, price_ticks: int) -> None:
    """Make a price the last trade of a month, and note if it reaches a stop's trigger."""
    counters = state.counters[0]
    state.instruments[slot].last_trade_ticks = price_ticks
    if counters.n_stops > 0:
        number = counters.first_stop_book + 2 * slot
        buys = level_of(state, number, price_ticks) >= state.books[number].best_level
        sells = level_of(state, number + 1, price_ticks) >= state.books[number + 1].best_level
        if buys or sells:
            counters.must_settle = 1


@kernel(inline=True, allocates=False)
def record_cancellation(
    state: BookState, order_id: int, account: int, instrument: int, lots: int, cause: int
) -> None:
    """Write lots that leave the market without a trade."""
    record = state.cancellations[state.counters[0].n_cancellations]
    state.counters[0].n_cancellations += 1
    record.order_id = order_id
    record.lots = lots
    record.account = account
    record.month = state.instruments[instrument].month
    record.cause = cause
    record.spread_months = state.instruments[instrument].spread_months


@kernel(inline=True, allocates=False)
def cancel_resting(state: BookState, row: int, cause: int) -> int:
    """Cancel a resting order, record the cancellation, and return its lots."""
    order = state.pool[row]
    lots = wide(order.lots) + wide(order.hidden_lots)
    instrument = wide(state.books[order.book].instrument)
    record_cancellation(state, order.order_id, wide(order.account), instrument, lots, cause)
    if instrument < state.counters[0].n_slots:
        shift_exposure(state, wide(order.account), instrument, wide(order.side), wide(0), -lots)
    else:
        shift_resting(state, wide(order.account), instrument, wide(order.side), -lots)
    release_order(state, row)
    return lots


@kernel(allocates=False)
def cancel_any(state: BookState, row: int, cause: int) -> int:
    """Cancel a resting order, as ``cancel_resting`` does, but as a call: for what happens rarely."""
    return cancel_resting(state, row, cause)


@kernel(allocates=False)
def decrease_resting(state: BookState, row: int, new_lots: int, cause: int) -> None:
    """Cancel lots of a resting order that keeps its place: hidden ones first, then shown ones."""
    order = state.pool[row]
    given_up = wide(order.lots) + wide(order.hidden_lots) - new_lots
    if given_up > 0:
        instrument = wide(state.books[order.book].instrument)
        record_cancellation(state, order.order_id, wide(order.account), instrument, given_up, cause)
        shift_resting(state, wide(order.account), instrument, wide(order.side), -given_up)
        shown = min(wide(order.lots), new_lots)
        set_lots(state, row, shown, new_lots - shown)


@kernel(allocates=False)
def tidy_resting(state: BookState, row: int) -> None:
    """Take out an order that shows nothing any more, or let it show its next lots if it is an iceberg."""
    if state.pool[row].hidden_lots > 0:
        refill_iceberg(state, row)
    else:
        release_order(state, row)


@kernel(allocates=False)
def trade_with(state: BookState, draft: Any, row: int, lots: int, side: int) -> None:
    """Execute an incoming order against shown lots of a resting one, which stays even if it is filled.

    ``side`` is that of the incoming order in the month, or spread, of the resting one. In a spread, the two
    trades have prices whose difference is the spread price.
    """
    maker = state.pool[row]
    instrument = wide(state.books[maker.book].instrument)
    n_slots = state.counters[0].n_slots
    slot = instrument % n_slots
    price = wide(maker.price_ticks)
    if instrument < n_slots:
        record_trade(state, draft, maker, slot, price, lots, side)
        note_price(state, slot, price)
    else:
        far = wide(state.instruments[instrument].far_slot)
        terms = state.instruments[slot]
        near_price = state.instruments[far].reference_ticks + price
        near_price = wide(max(terms.low_ticks, min(terms.high_ticks, near_price)))
        length = state.instruments[instrument].spread_months
        trade = record_trade(state, draft, maker, slot, near_price, lots, side)
        trade.spread_months = length
        trade = record_trade(state, draft, maker, far, near_price - price, lots, -side)
        trade.spread_months = length
        shift_exposure(state, wide(maker.account), far, side, side * lots, -lots)
        shift_exposure(state, draft.account, far, -side, -side * lots, wide(0))
    shift_exposure(state, wide(maker.account), slot, -side, -side * lots, -lots)
    shift_exposure(state, draft.account, slot, side, side * lots, wide(0))
    maker.lots -= lots
    number = wide(maker.book)
    state.levels[state.books[number].base + level_of(state, number, price)].lots -= lots


@kernel(inline=True, allocates=False)
def rest_plain(state: BookState, order: Any, slot: int, lots: int) -> None:
    """Put the lots left of a plain limit order in its queue; the caller adds them to the open lots."""
    row = take_free_row(state)
    resting = state.pool[row]
    resting.order_id = order.order_id
    resting.price_ticks = order.price_ticks
    resting.lots = lots
    resting.hidden_lots = 0
    resting.display_lots = 0
    resting.account = order.account
    resting.expiry_day = 0
    resting.book = 2 * slot + (order.side == _SELL)
    resting.kind = _LIMIT
    resting.side = order.side
    resting.time_in_force = order.time_in_force
    resting.self_match = 0
    queue_order(state, row)
    list_order(state, row)


@kernel(allocates=False)
def rest_draft(state: BookState, draft: Any, price_ticks: int, lots: int, betters: int) -> None:
    """Put the lots left of any order, a stop too, at the end of the queue at a price.

    A stop waits at its trigger in a book of stops. ``betters`` is 1 if the order may become the top order.
    """
    row = take_free_row(state)
    resting = state.pool[row]
    number = 2 * draft.instrument + wide(draft.side == _SELL)
    resting.order_id = draft.order_id
    resting.price_ticks = price_ticks
    resting.account = draft.account
    resting.expiry_day = draft.expiry_day if draft.time_in_force == _GTD else 0
    resting.kind = draft.kind
    resting.side = draft.side
    resting.time_in_force = draft.time_in_force
    resting.self_match = draft.self_match
    resting.lots = lots
    if draft.kind == _STOP or draft.kind == _STOP_LIMIT:
        number += state.counters[0].first_stop_book
        resting.display_lots = draft.price_ticks - price_ticks if draft.kind == _STOP_LIMIT else 0
    else:
        resting.display_lots = draft.display_lots
        if 0 < draft.display_lots < lots:
            resting.lots = draft.display_lots
    resting.hidden_lots = lots - resting.lots
    if draft.kind == _MARKET:
        resting.time_in_force = _DAY
        resting.expiry_day = 0
    resting.book = number
    if betters != 0 and level_of(state, number, price_ticks) < state.books[number].best_level:
        state.books[number].top_row = row
    queue_order(state, row)
    list_order(state, row)
    if draft.kind != _LIMIT or draft.instrument >= state.counters[0].n_slots:
        count_special(state, row, draft.instrument, wide(1))
    shift_resting(state, draft.account, draft.instrument, draft.side, lots)

"""The matching kernel: one compiled call takes a whole batch of messages through the books.

Cancellations, and plain limit and market orders in months that trade continuously, first in, first out,
take a short way, on which orders are accepted if nothing stands against it. Everything else, and every
order that may have to be refused, takes the long way through ``admission``, which makes all
checks in the order of the rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import CancelCause, MessageKind, RejectReason, Side, TimeInForce
from abm.exchange.compiled.admission import advance
from abm.exchange.compiled.events import (
    cancel_any,
    cancel_resting,
    note_price,
    record_cancellation,
    record_trade,
    rest_plain,
    tidy_resting,
)
from abm.exchange.compiled.exposure import shift_exposure, worst_case_lots
from abm.exchange.compiled.ladder import level_of, price_of, release_order
from abm.exchange.compiled.order_index import bucket_of, find_order
from abm.exchange.compiled.prefetch import fetch_ahead
from abm.exchange.compiled.state import NO_ROW, RETRY, BookState
from abm.exchange.compiled.terms import is_calm_at, is_outside_band, latest_price, listed_slot
from abm.exchange.compiled.top import refresh_top
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL = int(MessageKind.CANCEL)
_QUOTE = int(MessageKind.QUOTE)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_NONE = int(RejectReason.NONE)
_UNKNOWN_MESSAGE_KIND = int(RejectReason.UNKNOWN_MESSAGE_KIND)
_UNKNOWN_ACCOUNT = int(RejectReason.UNKNOWN_ACCOUNT)
_ORDER_NOT_FOUND = int(RejectReason.ORDER_NOT_FOUND)
_BY_USER = int(CancelCause.USER)
_IOC_REMAINDER = int(CancelCause.IOC_REMAINDER)
_SELF_MATCH = int(CancelCause.SELF_MATCH)

_FETCH_MESSAGE, _FETCH_BUCKET, _FETCH_ROW = 24, 12, 6
"""How many messages ahead their records, buckets, and orders or exposures are fetched; by measurement."""

_LONG_WAY = -2
"""In place of a reject reason: the order is not plain or may have to be refused."""


@kernel(allocates=False)
def match_batch(state: BookState, top: NDArray[np.int64], orders: Any, outcomes: Any, goes_on: bool) -> bool:
    """Process messages in the order given, write their outcomes, and the best prices after them.

    Returns False if the output arrays of the state are too small: ``trades_wanted`` and
    ``cancellations_wanted`` say which lengths let the batch go on where it stopped, with ``goes_on``.
    """
    counters = state.counters[0]
    if not goes_on:
        counters.n_trades = 0
        counters.n_cancellations = 0
        counters.next_message = 0
        counters.is_settling = 0
    i = wide(counters.next_message)
    reason = wide(_NONE)
    while True:
        while counters.is_settling != 0 and reason != RETRY:
            reason = advance(state, orders, wide(-1))
        if i == orders.shape[0] or reason == RETRY:
            break
        fetch_for(state, orders, i)
        order = orders[i]
        outcome = outcomes[i]
        outcome.order_id = order.order_id
        outcome.filled_lots = 0
        outcome.resting_lots = 0
        outcome.cancelled_lots = 0
        reason = process_plain(state, order, outcome)
        if reason == _LONG_WAY:
            reason = advance(state, orders, i)
            outcome.filled_lots = counters.filled_lots
            outcome.resting_lots = counters.rested_lots
            outcome.cancelled_lots = counters.cancelled_lots
        if reason == RETRY:
            break
        outcome.reason = reason
        i += 1
        counters.is_settling = counters.must_settle | (counters.implied_in * counters.n_spread_orders)
    counters.next_message = i
    refresh_top(state, top)
    return reason != RETRY


@kernel(inline=True, allocates=False)
def fetch_for(state: BookState, orders: Any, i: int) -> None:
    """Fetch what the messages after message ``i`` will need."""
    fetch_ahead(orders, i + _FETCH_MESSAGE)
    if i + _FETCH_BUCKET < orders.shape[0]:
        fetch_ahead(state.buckets, bucket_of(state, orders[i + _FETCH_BUCKET].order_id))
        later = orders[i + _FETCH_ROW]
        if later.kind == _CANCEL:
            row = wide(state.buckets[bucket_of(state, later.order_id)])
            fetch_ahead(state.pool, row)
        else:
            slot = wide(np.uint32(np.int64(later.month)) % np.uint32(state.counters[0].n_slots))
            fetch_ahead(state.exposure, later.account * state.counters[0].n_slots + slot)


@kernel(inline=True, allocates=False)
def process_plain(state: BookState, order: Any, outcome: Any) -> int:
    """Process a message if it is a cancellation or plain; ``_LONG_WAY`` if it is another."""
    if state.counters[0].n_cancellations == state.cancellations.shape[0]:
        state.counters[0].cancellations_wanted = state.cancellations.shape[0] + 1
        return RETRY
    if order.kind < _LIMIT or order.kind > _QUOTE:
        return _UNKNOWN_MESSAGE_KIND
    if order.account < 0 or order.account >= state.accounts.shape[0]:
        return _UNKNOWN_ACCOUNT
    if order.kind == _CANCEL:
        return cancel_one(state, order, outcome)
    if order.kind > _MARKET:
        return _LONG_WAY
    return enter_plain(state, order, outcome)


@kernel(inline=True, allocates=False)
def cancel_one(state: BookState, order: Any, outcome: Any) -> int:
    """Cancel the account's own resting order of that id."""
    row = find_order(state, order.order_id)
    if row == NO_ROW or state.pool[row].account != order.account:
        return _ORDER_NOT_FOUND
    outcome.cancelled_lots = cancel_resting(state, row, wide(_BY_USER))
    return _NONE


@kernel(inline=True, allocates=False)
def enter_plain(state: BookState, order: Any, outcome: Any) -> int:
    """Let a plain order enter that nothing stands against; ``_LONG_WAY`` if it is another."""
    counters = state.counters[0]
    if not is_plain(order) or order.lots <= 0 or order.lots > counters.max_order_lots:
        return _LONG_WAY
    slot = listed_slot(state, wide(order.month))
    if slot < 0 or state.instruments[slot].is_plain == 0 or state.accounts[order.account].may_trade == 0:
        return _LONG_WAY
    terms = state.instruments[slot]
    opposite = 2 * slot + wide(order.side == _BUY)
    book = state.books[opposite]
    price = wide(order.price_ticks)
    if order.kind == _MARKET:
        if book.n_orders == 0:
            return _LONG_WAY
        protection = min(terms.protection_ticks, book.n_levels - 1 - book.best_level)
        price = price_of(state, opposite, book.best_level + protection)
    elif price < terms.low_ticks or price > terms.high_ticks:
        return _LONG_WAY
    if is_outside_band(state, slot, wide(order.side), price):
        return _LONG_WAY
    limit_level = level_of(state, opposite, price)
    takes = book.best_level <= limit_level
    if takes and not may_take_plainly(state, order, opposite, price):
        return _LONG_WAY
    own = state.exposure[order.account, slot]
    before = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots)
    if order.side == _BUY:
        after = worst_case_lots(own.position_lots, own.buy_lots + order.lots, own.sell_lots)
    else:
        after = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots + order.lots)
    rise = (after - before) * terms.margin_per_lot_usd_micro
    account = state.accounts[order.account]
    if rise > 0 and account.requirement_usd_micro + rise > account.funds_usd_micro:
        return _LONG_WAY
    if after > terms.position_limit_lots and after > before:
        return _LONG_WAY
    if find_order(state, order.order_id) != NO_ROW:
        return _LONG_WAY
    remaining = wide(order.lots)
    if takes:
        remaining = take_oldest(state, order, opposite, limit_level)
        outcome.filled_lots = order.lots - remaining
    if remaining > 0:
        if order.kind == _LIMIT and order.time_in_force != _IOC:
            rest_plain(state, order, slot, remaining)
            outcome.resting_lots = remaining
            if takes:
                shift_exposure(state, wide(order.account), slot, wide(order.side), wide(0), remaining)
            else:
                account.requirement_usd_micro += rise
                if order.side == _BUY:
                    own.buy_lots += remaining
                else:
                    own.sell_lots += remaining
        else:
            record_cancellation(
                state, order.order_id, wide(order.account), slot, remaining, wide(_IOC_REMAINDER)
            )
            outcome.cancelled_lots = remaining
    return _NONE


@kernel(inline=True, allocates=False)
def is_plain(order: Any) -> bool:
    """Say whether a limit or market order has no conditions, and a form that is not to be refused."""
    conditions = order.display_lots | order.minimum_lots | order.spread_months | order.self_match
    is_formed = order.side == _BUY or order.side == _SELL
    return bool(
        (conditions | order.close_out) == 0
        and order.time_in_force >= _DAY
        and order.time_in_force <= _IOC
        and is_formed
    )


@kernel(inline=True, allocates=False)
def may_take_plainly(state: BookState, order: Any, opposite: int, price_ticks: int) -> bool:
    """Say whether a plain order may take, trades calmly, and has room to record it."""
    counters = state.counters[0]
    slot = opposite >> 1
    book = state.books[opposite]
    own = state.exposure[order.account, slot]
    own_lots = own.sell_lots if order.side == _BUY else own.buy_lots
    reference = latest_price(state, slot)
    return bool(
        order.post_only == 0
        and counters.n_trades + order.lots <= state.trades.shape[0]
        and counters.n_cancellations + own_lots < state.cancellations.shape[0]
        and is_calm_at(state, slot, price_of(state, opposite, book.best_level), reference)
        and is_calm_at(state, slot, price_ticks, reference)
    )


@kernel(inline=True, allocates=False)
def take_oldest(state: BookState, order: Any, opposite: int, limit_level: int) -> int:
    """Trade a plain order, the oldest opposite order first, up to a level and return the lots left."""
    slot = opposite >> 1
    side = wide(order.side)
    price = wide(state.instruments[slot].last_trade_ticks)
    remaining = wide(order.lots)
    while remaining > 0 and state.books[opposite].best_level <= limit_level:
        ladder_row = state.books[opposite].base + state.books[opposite].best_level
        row = wide(state.levels[ladder_row].head)
        maker = state.pool[row]
        if maker.account == order.account:
            cancel_any(state, row, wide(_SELF_MATCH))
            continue
        lots = min(remaining, wide(maker.lots))
        remaining -= lots
        record_trade(state, order, maker, slot, wide(maker.price_ticks), lots, side)
        price = wide(maker.price_ticks)
        maker.lots -= lots
        state.levels[ladder_row].lots -= lots
        shift_exposure(state, wide(maker.account), slot, -side, -side * lots, -lots)
        if maker.lots == 0:
            if maker.hidden_lots > 0:
                tidy_resting(state, row)
            else:
                release_order(state, row)
    shift_exposure(state, wide(order.account), slot, side, side * (order.lots - remaining), wide(0))
    note_price(state, slot, price)
    return remaining

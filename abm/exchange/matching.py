"""The matching kernel: one compiled call takes a whole batch of messages through the books."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.core.kernel import kernel
from abm.core.orders import ALL_MONTHS, NO_PRICE, CancelCause, MessageKind, RejectReason, Side, TimeInForce
from abm.exchange.ladder import (
    cancel_resting,
    find_order,
    index_order,
    level_of,
    next_occupied,
    price_of,
    queue_order,
    refresh_top,
    release_order,
    shift_exposure,
    wide,
    worst_case_lots,
)
from abm.exchange.state import NO_ROW, BookState

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL = int(MessageKind.CANCEL)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_DAY = int(TimeInForce.DAY)
_GTC = int(TimeInForce.GTC)
_FOK = int(TimeInForce.FOK)
_NONE = int(RejectReason.NONE)
_UNKNOWN_MESSAGE_KIND = int(RejectReason.UNKNOWN_MESSAGE_KIND)
_UNKNOWN_SIDE = int(RejectReason.UNKNOWN_SIDE)
_UNKNOWN_TIME_IN_FORCE = int(RejectReason.UNKNOWN_TIME_IN_FORCE)
_UNKNOWN_ACCOUNT = int(RejectReason.UNKNOWN_ACCOUNT)
_ACCOUNT_SUSPENDED = int(RejectReason.ACCOUNT_SUSPENDED)
_MONTH_NOT_LISTED = int(RejectReason.MONTH_NOT_LISTED)
_QUANTITY_NOT_POSITIVE = int(RejectReason.QUANTITY_NOT_POSITIVE)
_QUANTITY_TOO_LARGE = int(RejectReason.QUANTITY_TOO_LARGE)
_INSUFFICIENT_MARGIN = int(RejectReason.INSUFFICIENT_MARGIN)
_POST_ONLY_WOULD_TAKE = int(RejectReason.POST_ONLY_WOULD_TAKE)
_FOK_NOT_FILLABLE = int(RejectReason.FOK_NOT_FILLABLE)
_NO_OPPOSITE_PRICE = int(RejectReason.NO_OPPOSITE_PRICE)
_ORDER_NOT_FOUND = int(RejectReason.ORDER_NOT_FOUND)
_DUPLICATE_ORDER_ID = int(RejectReason.DUPLICATE_ORDER_ID)
_BY_USER = int(CancelCause.USER)
_IOC_REMAINDER = int(CancelCause.IOC_REMAINDER)
_SELF_MATCH = int(CancelCause.SELF_MATCH)


@kernel(allocates=False)
def match_batch(state: BookState, orders: Any) -> None:
    """Process messages in the order given and fill the output arrays of the state."""
    counters = state.counters[0]
    counters.n_trades = 0
    counters.n_cancellations = 0
    for i in range(orders.shape[0]):
        order = orders[i]
        outcome = state.outcomes[i]
        outcome.order_id = order.order_id
        outcome.filled_lots = 0
        outcome.resting_lots = 0
        outcome.cancelled_lots = 0
        if order.kind < _LIMIT or order.kind > _CANCEL_ALL:
            outcome.reason = _UNKNOWN_MESSAGE_KIND
        elif order.account < 0 or order.account >= state.accounts.shape[0]:
            outcome.reason = _UNKNOWN_ACCOUNT
        elif order.kind == _CANCEL:
            outcome.reason = cancel_one(state, order, outcome)
        elif order.kind == _CANCEL_ALL:
            outcome.reason = cancel_all(state, order, outcome)
        else:
            outcome.reason = enter_order(state, order, outcome)
    refresh_top(state)


@kernel(inline=True, allocates=False)
def listed_slot(state: BookState, month: int) -> int:
    """Return the slot of a listed month, or -1."""
    if month < 0:
        return -1
    # Unsigned 32-bit division is several times faster, and this runs for every order.
    slot = wide(np.uint32(month) % np.uint32(state.slots.shape[0]))
    return slot if state.slots[slot].month == month else -1


@kernel(inline=True, allocates=False)
def cancel_one(state: BookState, order: Any, outcome: Any) -> int:
    """Cancel the account's own resting order of that id."""
    row = find_order(state, order.order_id)
    if row == NO_ROW or state.pool[row].account != order.account:
        return _ORDER_NOT_FOUND
    outcome.cancelled_lots = cancel_resting(state, row, _BY_USER)
    return _NONE


@kernel(inline=True, allocates=False)
def cancel_all(state: BookState, order: Any, outcome: Any) -> int:
    """Cancel the account's resting orders of one month or of all."""
    first = 0
    last = state.slots.shape[0]
    if order.month != ALL_MONTHS:
        first = listed_slot(state, wide(order.month))
        if first < 0:
            return _MONTH_NOT_LISTED
        last = first + 1
    for slot in range(first, last):
        row = state.exposure[order.account, slot].newest_row
        while row != NO_ROW:
            outcome.cancelled_lots += cancel_resting(state, row, _BY_USER)
            row = state.exposure[order.account, slot].newest_row
    return _NONE


@kernel(inline=True, allocates=False)
def enter_order(state: BookState, order: Any, outcome: Any) -> int:
    """Validate a new order, match it, and rest or cancel what is left."""
    if state.accounts[order.account].may_trade == 0 and order.close_out == 0:
        return _ACCOUNT_SUSPENDED
    slot = listed_slot(state, wide(order.month))
    if slot < 0:
        return _MONTH_NOT_LISTED
    reason = refusal_of_form(state, order)
    if reason != _NONE:
        return reason
    opposite = 2 * slot + (order.side == _BUY)
    price = order.price_ticks
    if order.kind == _MARKET:
        price = protected_price(state, opposite)
        if price == NO_PRICE:
            return _NO_OPPOSITE_PRICE
    elif price < state.slots[slot].low_ticks or price > state.slots[slot].high_ticks:
        return int(state.slots[slot].range_reason)
    limit_level = level_of(state, opposite, price)
    takes = state.books[opposite].best_level <= limit_level
    if takes and order.post_only != 0:
        return _POST_ONLY_WOULD_TAKE
    if order.time_in_force == _FOK and not is_fillable(state, order, opposite, limit_level):
        return _FOK_NOT_FILLABLE
    if order.close_out == 0 and not is_covered(state, order, slot):
        return _INSUFFICIENT_MARGIN
    remaining = order.lots
    if takes:
        remaining = take(state, order, opposite, limit_level)
        outcome.filled_lots = order.lots - remaining
    if remaining > 0:
        if order.kind == _LIMIT and order.time_in_force <= _GTC:
            rest(state, order, slot, remaining)
            outcome.resting_lots = remaining
        else:
            cancel_remainder(state, order, remaining)
            outcome.cancelled_lots = remaining
    return _NONE


@kernel(inline=True, allocates=False)
def refusal_of_form(state: BookState, order: Any) -> int:
    """Return why an order is malformed whatever the market, or ``NONE``."""
    reason = _NONE
    if order.side != _BUY and order.side != _SELL:
        reason = _UNKNOWN_SIDE
    elif order.time_in_force < _DAY or order.time_in_force > _FOK:
        reason = _UNKNOWN_TIME_IN_FORCE
    elif order.lots <= 0:
        reason = _QUANTITY_NOT_POSITIVE
    elif order.lots > state.counters[0].max_order_lots:
        reason = _QUANTITY_TOO_LARGE
    elif find_order(state, order.order_id) != NO_ROW:
        reason = _DUPLICATE_ORDER_ID
    return reason


@kernel(inline=True, allocates=False)
def protected_price(state: BookState, opposite: int) -> int:
    """Return the limit price of a market order that meets a book, or ``NO_PRICE`` if the book is empty."""
    book = state.books[opposite]
    if book.n_orders == 0:
        return NO_PRICE
    last_level = book.n_levels - 1
    protection = min(state.slots[opposite >> 1].protection_ticks, last_level - book.best_level)
    return price_of(state, opposite, book.best_level + protection)


@kernel(allocates=False)
def is_fillable(state: BookState, order: Any, opposite: int, limit_level: int) -> bool:
    """Say whether other accounts rest enough lots within the limit to fill an order whole."""
    needed = order.lots
    row = state.exposure[order.account, opposite >> 1].newest_row
    while row != NO_ROW:
        own = state.pool[row]
        if own.side != order.side and level_of(state, opposite, own.price_ticks) <= limit_level:
            needed += own.lots
        row = wide(own.next_of_account)
    level = state.books[opposite].best_level
    while needed > 0 and level <= limit_level:
        needed -= state.levels[state.books[opposite].base + level].lots
        level = next_occupied(state, opposite, level + 1)
    return bool(needed <= 0)


@kernel(inline=True, allocates=False)
def is_covered(state: BookState, order: Any, slot: int) -> bool:
    """Say whether the account may add this order: within its funds, or no higher a requirement."""
    own = state.exposure[order.account, slot]
    before = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots)
    if order.side == _BUY:
        after = worst_case_lots(own.position_lots, own.buy_lots + order.lots, own.sell_lots)
    else:
        after = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots + order.lots)
    rise = (after - before) * state.slots[slot].margin_per_lot_usd_micro
    account = state.accounts[order.account]
    return bool(rise <= 0 or account.requirement_usd_micro + rise <= account.funds_usd_micro)


@kernel(inline=True, allocates=False)
def take(state: BookState, order: Any, opposite: int, limit_level: int) -> int:
    """Trade an order against a book up to a level and return the lots left."""
    slot = opposite >> 1
    sign = wide(order.side)
    remaining = order.lots
    while remaining > 0 and state.books[opposite].best_level <= limit_level:
        ladder_row = state.books[opposite].base + state.books[opposite].best_level
        row = wide(state.levels[ladder_row].head)
        maker = state.pool[row]
        if maker.account == order.account:
            cancel_resting(state, row, _SELF_MATCH)
            continue
        lots = min(remaining, maker.lots)
        remaining -= lots
        record_trade(state, order, maker, lots)
        maker.lots -= lots
        state.levels[ladder_row].lots -= lots
        shift_exposure(state, maker.account, slot, maker.side, -sign * lots, -lots)
        if maker.lots == 0:
            release_order(state, row)
    shift_exposure(state, order.account, slot, order.side, sign * (order.lots - remaining), 0)
    return int(remaining)


@kernel(inline=True, allocates=False)
def record_trade(state: BookState, order: Any, maker: Any, lots: int) -> None:
    """Write one execution at the resting order's price."""
    trade = state.trades[state.counters[0].n_trades]
    state.counters[0].n_trades += 1
    trade.price_ticks = maker.price_ticks
    trade.lots = lots
    trade.maker_order_id = maker.order_id
    trade.taker_order_id = order.order_id
    trade.month = order.month
    trade.aggressor_side = order.side
    if order.side == _BUY:
        trade.buyer = order.account
        trade.seller = maker.account
    else:
        trade.buyer = maker.account
        trade.seller = order.account
    state.slots[maker.slot].last_trade_ticks = maker.price_ticks


@kernel(inline=True, allocates=False)
def rest(state: BookState, order: Any, slot: int, lots: int) -> None:
    """Put the lots left of an order at the end of the queue at its price."""
    counters = state.counters[0]
    row = counters.free_row
    resting = state.pool[row]
    counters.free_row = resting.next_in_level
    counters.n_resting += 1
    resting.order_id = order.order_id
    resting.price_ticks = order.price_ticks
    resting.lots = lots
    resting.sequence = counters.next_sequence
    counters.next_sequence += 1
    resting.account = order.account
    resting.slot = slot
    resting.side = order.side
    resting.time_in_force = order.time_in_force
    own = state.exposure[order.account, slot]
    resting.previous_of_account = NO_ROW
    resting.next_of_account = own.newest_row
    if own.newest_row != NO_ROW:
        state.pool[own.newest_row].previous_of_account = row
    own.newest_row = row
    queue_order(state, row)
    index_order(state, row)
    shift_exposure(state, order.account, slot, order.side, 0, lots)


@kernel(inline=True, allocates=False)
def cancel_remainder(state: BookState, order: Any, lots: int) -> None:
    """Record what an order that must not rest leaves unfilled."""
    record = state.cancellations[state.counters[0].n_cancellations]
    state.counters[0].n_cancellations += 1
    record.order_id = order.order_id
    record.lots = lots
    record.account = order.account
    record.month = order.month
    record.cause = _IOC_REMAINDER

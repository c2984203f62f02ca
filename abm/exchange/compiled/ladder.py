"""Kernels of the books: the price ladder with its queues, and the lists of each account's orders."""

from __future__ import annotations

from abm.core.kernel import kernel
from abm.core.orders import MessageKind
from abm.exchange.compiled.order_index import index_order, unindex_order
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.words import mark_empty, mark_occupied, next_occupied, wide

_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_QUOTE = int(MessageKind.QUOTE)


@kernel(inline=True, allocates=False)
def level_of(state: BookState, book: int, price_ticks: int) -> int:
    """Return the level of a price in a book: 0 is the first price of the day's range."""
    return int((price_ticks - state.books[book].origin_ticks) * state.books[book].step)


@kernel(inline=True, allocates=False)
def price_of(state: BookState, book: int, level: int) -> int:
    """Return the price of a level of a book."""
    return int(state.books[book].origin_ticks + state.books[book].step * level)


@kernel(inline=True, allocates=False)
def take_free_row(state: BookState) -> int:
    """Return a pool row to fill: the one freed last, which the cache may still hold, else a new one."""
    counters = state.counters[0]
    row = wide(counters.free_row)
    if row == NO_ROW:
        row = wide(counters.n_rows_used)
        counters.n_rows_used += 1
    else:
        counters.free_row = state.pool[row].next_in_level
    counters.n_resting += 1
    return row


@kernel(inline=True, allocates=False)
def queue_order(state: BookState, row: int) -> None:
    """Append a pool row to the queue of its price level."""
    order = state.pool[row]
    number = wide(order.book)
    book = state.books[number]
    level = level_of(state, number, order.price_ticks)
    ladder_row = book.base + level
    queue = state.levels[ladder_row]
    order.next_in_level = NO_ROW
    if queue.lots == 0:
        order.previous_in_level = NO_ROW
        queue.head = row
        mark_occupied(state, ladder_row)
        if level < book.best_level:
            book.best_level = level
    else:
        order.previous_in_level = queue.tail
        state.pool[queue.tail].next_in_level = row
    queue.tail = row
    queue.lots += order.lots
    book.n_orders += 1
    book.hidden_lots += order.hidden_lots


@kernel(inline=True, allocates=False)
def list_order(state: BookState, row: int) -> None:
    """Put a pool row in front of its account's list of orders of that instrument, and in the index."""
    order = state.pool[row]
    slot = wide(state.books[order.book].instrument)
    n_slots = state.counters[0].n_slots
    order.previous_of_account = NO_ROW
    if slot < n_slots:
        newest = wide(state.exposure[order.account, slot].newest_row)
        state.exposure[order.account, slot].newest_row = row
    else:
        newest = wide(state.account_rows[order.account, slot + n_slots])
        state.account_rows[order.account, slot + n_slots] = row
    order.next_of_account = newest
    if newest != NO_ROW:
        state.pool[newest].previous_of_account = row
    index_order(state, row)


@kernel(inline=True, allocates=False)
def release_order(state: BookState, row: int) -> None:
    """Take an order out of its level, its account's list and the index, and free its pool row."""
    order = state.pool[row]
    unqueue_order(state, row)
    instrument = wide(state.books[order.book].instrument)
    if order.previous_of_account != NO_ROW:
        state.pool[order.previous_of_account].next_of_account = order.next_of_account
    elif instrument < state.counters[0].n_slots:
        state.exposure[order.account, instrument].newest_row = order.next_of_account
    else:
        place = instrument + state.counters[0].n_slots
        state.account_rows[order.account, place] = order.next_of_account
    if order.next_of_account != NO_ROW:
        state.pool[order.next_of_account].previous_of_account = order.previous_of_account
    unindex_order(state, row)
    if order.kind != _LIMIT or instrument >= state.counters[0].n_slots:
        count_special(state, row, instrument, wide(-1))
    order.lots = 0
    order.next_in_level = state.counters[0].free_row
    state.counters[0].free_row = row
    state.counters[0].n_resting -= 1


@kernel(allocates=False)
def count_special(state: BookState, row: int, instrument: int, change: int) -> None:
    """Count an order that is not a plain limit order in a month, as it comes (1) or goes (-1)."""
    order = state.pool[row]
    counters = state.counters[0]
    if instrument >= counters.n_slots:
        counters.n_spread_orders += change
    elif order.kind == _QUOTE:
        state.account_rows[order.account, order.book] = row if change > 0 else NO_ROW
    elif order.kind == _MARKET:
        state.instruments[instrument].n_waiting_markets += change
    elif order.kind != _LIMIT:
        counters.n_stops += change


@kernel(inline=True, allocates=False)
def unqueue_order(state: BookState, row: int) -> None:
    """Take an order out of the queue of its price level."""
    order = state.pool[row]
    number = wide(order.book)
    book = state.books[number]
    level = level_of(state, number, order.price_ticks)
    ladder_row = book.base + level
    queue = state.levels[ladder_row]
    queue.lots -= order.lots
    book.n_orders -= 1
    book.hidden_lots -= order.hidden_lots
    if book.top_row == row:
        book.top_row = NO_ROW
    if order.previous_in_level != NO_ROW:
        state.pool[order.previous_in_level].next_in_level = order.next_in_level
    else:
        queue.head = order.next_in_level
    if order.next_in_level != NO_ROW:
        state.pool[order.next_in_level].previous_in_level = order.previous_in_level
    else:
        queue.tail = order.previous_in_level
        if order.previous_in_level == NO_ROW:
            mark_empty(state, ladder_row)
            if book.n_orders == 0:
                book.best_level = book.n_levels
            elif level == book.best_level:
                book.best_level = next_occupied(state, number, level + 1)


@kernel(inline=True, allocates=False)
def refill_iceberg(state: BookState, row: int) -> None:
    """Let an iceberg that shows nothing show its next lots at the end of the queue of its price."""
    order = state.pool[row]
    number = wide(order.book)
    book = state.books[number]
    queue = state.levels[book.base + level_of(state, number, order.price_ticks)]
    order.lots = min(order.display_lots, order.hidden_lots)
    order.hidden_lots -= order.lots
    book.hidden_lots -= order.lots
    queue.lots += order.lots
    if book.top_row == row:
        book.top_row = NO_ROW
    if queue.tail != row:
        if order.previous_in_level != NO_ROW:
            state.pool[order.previous_in_level].next_in_level = order.next_in_level
        else:
            queue.head = order.next_in_level
        state.pool[order.next_in_level].previous_in_level = order.previous_in_level
        state.pool[queue.tail].next_in_level = row
        order.previous_in_level = queue.tail
        order.next_in_level = NO_ROW
        queue.tail = row


@kernel(inline=True, allocates=False)
def set_lots(state: BookState, row: int, lots: int, hidden_lots: int) -> None:
    """Change shown and hidden lots of an order that keeps its place."""
    order = state.pool[row]
    book = state.books[order.book]
    level = level_of(state, wide(order.book), order.price_ticks)
    state.levels[book.base + level].lots += lots - order.lots
    book.hidden_lots += hidden_lots - order.hidden_lots
    order.lots = lots
    order.hidden_lots = hidden_lots

"""Kernels of the call auction (rule 7): the price of most volume, and the trades at it."""

from __future__ import annotations

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, CancelCause, MessageKind, TradingPhase
from abm.exchange.compiled.events import cancel_any, note_price, tidy_resting
from abm.exchange.compiled.exposure import shift_exposure
from abm.exchange.compiled.ladder import price_of, set_lots
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.terms import latest_price, set_phase
from abm.exchange.compiled.words import next_occupied, previous_occupied, wide

_MARKET = int(MessageKind.MARKET)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_AUCTION_REMAINDER = int(CancelCause.AUCTION_REMAINDER)


@kernel(inline=True, allocates=False)
def level_lots(state: BookState, number: int, level: int) -> int:
    """Return the lots at a level of a book, hidden ones too."""
    queue = state.levels[state.books[number].base + level]
    lots = wide(queue.lots)
    row = wide(queue.head) if state.books[number].hidden_lots > 0 else NO_ROW
    while row != NO_ROW:
        lots += state.pool[row].hidden_lots
        row = wide(state.pool[row].next_in_level)
    return lots


@kernel(allocates=False)
def auction_price(state: BookState, slot: int) -> tuple[int, int]:
    """Return price and volume if a month's book uncrossed now, ``NO_PRICE`` and 0 if nothing would trade.

    Demand and supply are constant between the prices of orders. Upwards, supply steps up at each sell price,
    and demand steps down just above each buy price; demand less supply only falls, so the prices of most
    volume and least surplus are one interval, of which the price nearest the reference is taken.
    """
    bids, asks = 2 * slot, 2 * slot + 1
    ask_level = wide(state.books[asks].best_level)
    lowest_ask = price_of(state, asks, ask_level)
    bid_level = wide(state.books[bids].best_level)
    if state.books[bids].n_orders == 0 or state.books[asks].n_orders == 0:
        return NO_PRICE, 0
    if price_of(state, bids, bid_level) < lowest_ask:
        return NO_PRICE, 0
    # Demand at the lowest ask; from there upwards, the next buys to drop out are the lowest ones.
    demand, supply = wide(0), wide(0)
    lowest_bid_level = wide(state.books[bids].n_levels)
    while bid_level < state.books[bids].n_levels and price_of(state, bids, bid_level) >= lowest_ask:
        demand += level_lots(state, bids, bid_level)
        lowest_bid_level = bid_level
        bid_level = next_occupied(state, bids, bid_level + 1)
    bid_level = lowest_bid_level
    price = lowest_ask
    best_volume, best_surplus = wide(0), wide(0)
    first, last = price, price
    while bid_level >= 0:
        while ask_level < state.books[asks].n_levels and price_of(state, asks, ask_level) <= price:
            supply += level_lots(state, asks, ask_level)
            ask_level = next_occupied(state, asks, ask_level + 1)
        # The same demand and supply hold up to the next sell price or the lowest buy price left.
        end = price_of(state, bids, bid_level)
        if ask_level < state.books[asks].n_levels:
            end = min(end, price_of(state, asks, ask_level) - 1)
        volume, surplus = min(demand, supply), abs(demand - supply)
        if volume > best_volume or (volume == best_volume and surplus < best_surplus):
            best_volume, best_surplus, first, last = volume, surplus, price, end
        elif volume == best_volume and surplus == best_surplus:
            last = end
        price = end + 1
        if price > price_of(state, bids, bid_level):
            demand -= level_lots(state, bids, bid_level)
            bid_level = previous_occupied(state, bids, bid_level - 1)
    return min(max(latest_price(state, slot), first), last), best_volume


@kernel(allocates=False)
def uncross_month(state: BookState, slot: int) -> None:
    """Trade the crossing orders of a month at one price and go on with continuous trading."""
    price, volume = auction_price(state, slot)
    bids, asks = state.books[2 * slot], state.books[2 * slot + 1]
    while volume > 0:
        buy = wide(state.levels[bids.base + bids.best_level].head)
        sell = wide(state.levels[asks.base + asks.best_level].head)
        lots = min(volume, remaining_lots(state, buy), remaining_lots(state, sell))
        volume -= lots
        record_auction_trade(state, slot, buy, sell, price, lots)
        fill_in_auction(state, buy, slot, lots)
        fill_in_auction(state, sell, slot, lots)
        note_price(state, slot, price)
    for number in range(2 * slot, 2 * slot + 2):
        cancel_waiting_markets(state, slot, number)
        state.books[number].top_row = NO_ROW
    set_phase(state, slot, wide(_CONTINUOUS))


@kernel(inline=True, allocates=False)
def remaining_lots(state: BookState, row: int) -> int:
    """Return shown and hidden lots of a resting order."""
    return wide(state.pool[row].lots) + wide(state.pool[row].hidden_lots)


@kernel(inline=True, allocates=False)
def record_auction_trade(
    state: BookState, slot: int, buy: int, sell: int, price_ticks: int, lots: int
) -> None:
    """Write one execution of an auction: nobody is the aggressor, the buy order stands as the maker."""
    assert state.pool[buy].account != state.pool[sell].account
    trade = state.trades[state.counters[0].n_trades]
    state.counters[0].n_trades += 1
    trade.price_ticks = price_ticks
    trade.lots = lots
    trade.maker_order_id = state.pool[buy].order_id
    trade.taker_order_id = state.pool[sell].order_id
    trade.buyer = state.pool[buy].account
    trade.seller = state.pool[sell].account
    trade.month = state.instruments[slot].month
    trade.aggressor_side = 0
    trade.spread_months = 0


@kernel(allocates=False)
def fill_in_auction(state: BookState, row: int, slot: int, lots: int) -> None:
    """Fill shown and hidden lots of a resting order together; an iceberg shows anew in its place."""
    order = state.pool[row]
    side = wide(order.side)
    shift_exposure(state, wide(order.account), slot, side, side * lots, -lots)
    left = remaining_lots(state, row) - lots
    shown = min(left, wide(order.display_lots)) if order.display_lots > 0 else left
    set_lots(state, row, shown, left - shown)
    if left == 0:
        tidy_resting(state, row)


@kernel(allocates=False)
def cancel_waiting_markets(state: BookState, slot: int, number: int) -> None:
    """Cancel what market orders of one side of a month left unfilled in an auction."""
    level = wide(state.books[number].best_level)
    while state.instruments[slot].n_waiting_markets > 0 and level < state.books[number].n_levels:
        row = wide(state.levels[state.books[number].base + level].head)
        while row != NO_ROW:
            following = wide(state.pool[row].next_in_level)
            if state.pool[row].kind == _MARKET:
                cancel_any(state, row, wide(_AUCTION_REMAINDER))
            row = following
        level = next_occupied(state, number, level + 1)

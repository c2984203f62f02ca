"""Index of orders: a hash table of chains through the rows of the pool.

Ids of neighbouring orders have neighbouring buckets, so an index that is asked for recent orders stays in the
cache; the higher bits of the id are mixed in by Fibonacci hashing (Knuth, The Art of Computer Programming,
vol. 3, section 6.4), so that ids in any regular steps spread.
"""

from __future__ import annotations

from abm.core.kernel import kernel
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.words import wide

HASH_MULTIPLIER = -7046029254386353131  # the 64-bit golden ratio 0x9E3779B97F4A7C15 as a signed integer


@kernel(inline=True, allocates=False)
def bucket_of(state: BookState, order_id: int) -> int:
    """Return the bucket of an order id."""
    mixed = (order_id >> 5) * HASH_MULTIPLIER
    return int((order_id + (mixed >> 32)) & (state.buckets.shape[0] - 1))


@kernel(inline=True, allocates=False)
def find_order(state: BookState, order_id: int) -> int:
    """Return the pool row of a resting order, or ``NO_ROW``."""
    row = wide(state.buckets[bucket_of(state, order_id)])
    while row != NO_ROW and state.pool[row].order_id != order_id:
        row = wide(state.pool[row].next_in_bucket)
    return row


@kernel(inline=True, allocates=False)
def index_order(state: BookState, row: int) -> None:
    """Enter a pool row in the index of orders."""
    order = state.pool[row]
    bucket = bucket_of(state, order.order_id)
    order.next_in_bucket = state.buckets[bucket]
    state.buckets[bucket] = row


@kernel(inline=True, allocates=False)
def unindex_order(state: BookState, row: int) -> None:
    """Take a pool row out of the index of orders."""
    order = state.pool[row]
    bucket = bucket_of(state, order.order_id)
    if state.buckets[bucket] == row:
        state.buckets[bucket] = order.next_in_bucket
    else:
        before = wide(state.buckets[bucket])
        while state.pool[before].next_in_bucket != row:
            before = wide(state.pool[before].next_in_bucket)
        state.pool[before].next_in_bucket = order.next_in_bucket

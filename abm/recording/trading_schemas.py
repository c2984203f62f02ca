"""Tables of a run folder about trading as it happens: tops of books, trades and depth.

The other tables, the rules that hold for all of them, and the profiles are in ``abm.recording.schemas``.
"""

from __future__ import annotations

import pyarrow as pa

from abm.recording.columns import DAY, MONTH, ROUND, TENOR, number, price, schema, text, whole_number

TRADING_SCHEMAS: dict[str, pa.Schema] = {
    "quotes": schema(
        "Top of the book at the end of each round, one row a round and listed month.",
        DAY,
        ROUND,
        MONTH,
        TENOR,
        price("best_bid", "Best bid; null when the side is empty."),
        price("best_ask", "Best ask; null when the side is empty."),
        whole_number("bid_lots", "lots", "Lots at the best bid."),
        whole_number("ask_lots", "lots", "Lots at the best ask."),
        price("last_trade", "Price of the latest trade; null before the first."),
        whole_number("volume_lots", "lots", "Lots traded in the round."),
        whole_number("phase", "phase code", "0 continuous, 1 auction (its quotes are not shown), 2 halted."),
    ),
    "trades": schema(
        "Every execution, in the order of the market.",
        DAY,
        ROUND,
        MONTH,
        TENOR,
        whole_number("price_ticks", "ticks", "Price of the trade; may be negative."),
        whole_number("lots", "lots", "Quantity of the trade."),
        whole_number("buyer", "account number", "Account that bought."),
        whole_number("seller", "account number", "Account that sold."),
        whole_number("aggressor_side", "1 buy, -1 sell", "Side of the incoming order; 0 in an auction."),
        whole_number("maker_order_id", "order number", "Resting order; in an auction the buyer's."),
        whole_number("taker_order_id", "order number", "Incoming order; in an auction the seller's."),
        whole_number(
            "spread_months", "months", "Length of the calendar spread that this is a leg of; 0 for none."
        ),
        number(
            "mid_before_ticks",
            "ticks",
            "Middle of the month's best bid and ask as the round before had ended, in the first round of a "
            "day as the day opened; NaN where a side was empty or the month not in continuous trading.",
        ),
        number("mid_after_ticks", "ticks", "The same when the round of the trade had ended."),
        text("aggressor_class", "Class of the account whose order came in; empty in an auction."),
    ),
    "depth": schema(
        "Best price levels of each side at a few rounds of the day, those in the middle of its four equal "
        "parts, as they end: one row a moment, listed month in continuous trading, and level.",
        DAY,
        ROUND,
        whole_number("moment", "number", "Moment of the day, from 0."),
        MONTH,
        TENOR,
        whole_number("level", "number", "Price level, 1 the best; the levels of a side hold orders."),
        price("bid", "Price of the level; null where the side has fewer."),
        price("ask", "Price of the level; null where the side has fewer."),
        whole_number("bid_lots", "lots", "Shown lots at it; 0 where the side has fewer."),
        whole_number("ask_lots", "lots", "Shown lots at it; 0 where the side has fewer."),
    ),
}
"""Schema of each table by name."""

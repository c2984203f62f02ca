"""Position limits and margin before a trade, in plain Python (rule 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from abm.core.orders import RejectReason, Side
from abm.exchange.reference.market import Market
from abm.exchange.reference.order import Order


class RiskTerms(NamedTuple):
    """What the pre-trade checks compare with; per account, or per slot for margins and position limits."""

    max_order_lots: int
    funds: list[int]
    margins: list[int]
    may_trade: list[bool]
    position_limits: list[int] | None
    limit_exempt: list[bool]


def too_risky(
    market: Market, risk: RiskTerms, order: Order, is_close_out: bool, replaced: Order | None = None
) -> RejectReason:
    """Check 10 and 11: position limits and margin hold as if the order rested, or do not get worse."""
    if is_close_out:
        return RejectReason.NONE
    account = order.account
    resting = list(market.orders_of[account].values())
    before = worst_lots(market, account, resting)
    others = [other for other in resting if other is not replaced]
    after = worst_lots(market, account, [*others, order])
    if risk.position_limits is not None and not risk.limit_exempt[account]:
        for month, _ in order.legs():
            slot = month % market.n_slots
            if after[slot] > risk.position_limits[slot] and after[slot] > before[slot]:
                return RejectReason.POSITION_LIMIT
    required_before = _requirement(risk, before)
    required_after = _requirement(risk, after)
    if required_after > risk.funds[account] and required_after > required_before:
        return RejectReason.INSUFFICIENT_MARGIN
    return RejectReason.NONE


def worst_lots(market: Market, account: int, orders: Iterable[Order]) -> list[int]:
    """Return per slot the largest net position if all buys, or all sells, of an account's orders fill."""
    position = [market.positions[account, slot] for slot in range(market.n_slots)]
    longest, shortest = list(position), list(position)
    for order in orders:
        for month, side in order.legs():
            if side is Side.BUY:
                longest[month % market.n_slots] += order.remaining
            else:
                shortest[month % market.n_slots] -= order.remaining
    return [max(abs(long), abs(short)) for long, short in zip(longest, shortest, strict=True)]


def _requirement(risk: RiskTerms, lots: list[int]) -> int:
    return sum(margin * worst for margin, worst in zip(risk.margins, lots, strict=True))

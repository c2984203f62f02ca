"""Kernels of positions and open lots: the running margin requirement and the pre-trade checks (rule 4)."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import RejectReason, Side
from abm.exchange.compiled.state import BookState
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_NONE = int(RejectReason.NONE)
_POSITION_LIMIT = int(RejectReason.POSITION_LIMIT)
_INSUFFICIENT_MARGIN = int(RejectReason.INSUFFICIENT_MARGIN)


@kernel(inline=True, allocates=False)
def worst_case_lots(position_lots: int, buy_lots: int, sell_lots: int) -> int:
    """Return the largest net position, in absolute lots, that filling all orders of one side can leave."""
    return max(abs(position_lots + buy_lots), abs(position_lots - sell_lots))


@kernel(inline=True, allocates=False)
def shift_exposure(
    state: BookState, account: int, slot: int, side: int, position_lots: int, resting_lots: int
) -> None:
    """Add to an account's position and to its resting lots of a side; keep its requirement current."""
    row = state.exposure[account, slot]
    before = worst_case_lots(row.position_lots, row.buy_lots, row.sell_lots)
    row.position_lots += position_lots
    if side == _BUY:
        row.buy_lots += resting_lots
    else:
        row.sell_lots += resting_lots
    after = worst_case_lots(row.position_lots, row.buy_lots, row.sell_lots)
    margin = state.instruments[slot].margin_per_lot_usd_micro
    state.accounts[account].requirement_usd_micro += margin * (after - before)


@kernel(allocates=False)
def shift_resting(state: BookState, account: int, instrument: int, side: int, lots: int) -> None:
    """Add to an account's resting lots in a month, or in both legs of a spread."""
    n_slots = state.counters[0].n_slots
    shift_exposure(state, account, instrument % n_slots, side, wide(0), lots)
    if instrument >= n_slots:
        shift_exposure(state, account, wide(state.instruments[instrument].far_slot), -side, wide(0), lots)


@kernel(inline=True, allocates=False)
def refusal_of_risk(state: BookState, draft: Any, replaced_lots: int) -> int:
    """Return why an account may not add an order, or ``NONE``; ``replaced_lots`` go when it enters."""
    n_slots = state.counters[0].n_slots
    account = state.accounts[draft.account]
    added = draft.lots - replaced_lots
    slot = draft.instrument % n_slots
    side = draft.side
    rise = wide(0)
    for leg in range(1 if draft.instrument < n_slots else 2):
        if leg == 1:
            slot = wide(state.instruments[draft.instrument].far_slot)
            side = -side
        own = state.exposure[draft.account, slot]
        before = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots)
        if side == _BUY:
            after = worst_case_lots(own.position_lots, own.buy_lots + added, own.sell_lots)
        else:
            after = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots + added)
        limit = state.instruments[slot].position_limit_lots
        if after > limit and after > before and account.limit_exempt == 0:
            return _POSITION_LIMIT
        rise += (after - before) * state.instruments[slot].margin_per_lot_usd_micro
    if rise > 0 and account.requirement_usd_micro + rise > account.funds_usd_micro:
        return _INSUFFICIENT_MARGIN
    return _NONE

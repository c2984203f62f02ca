"""Builds the position holders and brings their positions into clearing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm.agents.hedging import HEDGER_DTYPE
from abm.agents.holders import Holders
from abm.market.population_room import PopulationRoom

if TYPE_CHECKING:
    from abm.market.model import TokenFuturesMarket


def build_holders(room: PopulationRoom) -> Holders:
    """Return the position holders of the scenario, in the order of the file."""
    sections = [section for section in room.agents.holders for _ in range(section.count)]
    count, first = len(sections), room.next_account
    lots: NDArray[np.int64] = np.zeros((count, room.contract.listed_months), dtype=np.int64)
    for row, section in enumerate(sections):
        lots[row, : len(section.lots)] = section.lots
    columns = room.columns(HEDGER_DTYPE, "holder", count, 0.0)
    for name in ("latency_ms", "actions_per_day", "cross_probability", "max_premium"):
        columns[name] = [getattr(section, name) for section in sections]
    columns["floor_ticks"] = -math.inf
    share = np.array([section.slice_share for section in sections])
    columns["slice_lots"] = np.maximum(1, np.rint(share * np.abs(lots).max(axis=1, initial=0)))
    return Holders(
        columns,
        room.streams.keys("holder", count),
        lots,
        labels=tuple(section.name for section in sections),
        member=_numbers([section.member for section in sections]),
        exit_day=_numbers([section.exit_day for section in sections]),
        exit_days=_numbers([section.exit_days for section in sections]),
        days_per_month=room.days_per_month,
        first_account=first,
        funding=room.funding(
            np.array([section.cash_usd for section in sections]),
            np.array([section.credit_usd for section in sections]),
        ),
    )


def bring_in_positions(market: TokenFuturesMarket) -> None:
    """Bring the holders' positions into clearing at the first settlement prices, before the first round.

    As when a clearing house opens for contracts that stood between two parties: no trade, no fee, and
    variation margin runs from that settlement on.
    """
    for population in market.populations:
        if isinstance(population, Holders) and population.opening_lots.any():
            lots: NDArray[np.int64] = np.zeros(
                (len(market.messages_sent), market.contract.listed_months), dtype=np.int64
            )
            lots[population.accounts] = population.opening_lots
            by_slot = lots[:, np.argsort(market.curve.slots)]
            market.clearing.bring_in_positions(by_slot, market.curve.settlement_by_slot())


def _numbers(values: list[int | None]) -> NDArray[np.int64]:
    return np.array([-1 if value is None else value for value in values], dtype=np.int64)

"""Builds the position holders."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population_room import PopulationRoom
from abm.agents.hedgers.kernel import HEDGER_DTYPE
from abm.agents.holders.shell import Holders


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


def _numbers(values: list[int | None]) -> NDArray[np.int64]:
    return np.array([-1 if value is None else value for value in values], dtype=np.int64)

"""Brings the positions that holders come with into clearing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.agents.holders.shell import Holders
from abm.market.parts import MarketParts


def bring_in_positions(market: MarketParts) -> None:
    """Bring the holders' positions into clearing at the last settlement prices, before day 0 trades.

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

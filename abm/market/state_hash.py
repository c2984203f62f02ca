"""The state of a market as one hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Protocol

from abm.market.state import MarketState


class Desk(Protocol):
    """What remembers something beside the state."""

    def update_digest(self, digest: Any) -> None:
        """Feed what it remembers into the state hash."""


def state_hash(state: MarketState, maker_regime: Desk, rules: Iterable[Desk]) -> str:
    """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds.

    Parameters
    ----------
    state : MarketState
        The market.
    maker_regime, rules
        Its desks that remember something.
    """
    digest = hashlib.sha256(f"{state.clock.day}/{state.clock.round}".encode())
    state.exchange.update_digest(digest)
    state.clearing.update_digest(digest)
    for population in state.populations:
        population.update_digest(digest)
    state.departures.update_digest(digest)
    state.sessions.update_digest(digest)
    maker_regime.update_digest(digest)
    state.feed.update_digest(digest)
    for rule in rules:
        rule.update_digest(digest)
    state.rule_generator.update_digest(digest)
    state.desk.update_digest(digest)
    return digest.hexdigest()

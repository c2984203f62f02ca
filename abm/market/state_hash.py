"""The state of a market as one hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from abm.market.model import TokenFuturesMarket


def state_hash(market: TokenFuturesMarket) -> str:
    """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds."""
    digest = hashlib.sha256(f"{market.clock.day}/{market.clock.round}".encode())
    market.exchange.update_digest(digest)
    market.clearing.update_digest(digest)
    for population in market.populations:
        population.update_digest(digest)
    market.departures.update_digest(digest)
    market.sessions.update_digest(digest)
    market.maker_regime.update_digest(digest)
    market.feed.update_digest(digest)
    for rule in market.rules:
        rule.update_digest(digest)
    for name, generator in sorted(market.rule_generators.items()):
        digest.update(f"{name}: {generator.bit_generator.state}".encode())
    digest.update(np.array([fixing.usd_micro for fixing in market.desk.fixings]).tobytes())
    return digest.hexdigest()

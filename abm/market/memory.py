"""Keeps the markets that nobody holds any more from piling up in a process that runs many.

A Mesa model and its agents hold each other, so that a market dropped by its user waits for Python's garbage
collector. That one counts objects: a market is few objects with much memory, and hundreds of MiB may stand
before it looks. It is asked to look here, when a market is built, once enough of them are standing.
"""

from __future__ import annotations

import gc
import weakref

import mesa

MOST_UNUSED_BYTES = 24 * 2**20
"""How much may stand beyond what was in use at the last look; judgement: a look takes 0.2 s, ten builds."""

_FIXED_BYTES, _BYTES_PER_ACCOUNT = 2**20, 4 * 2**10
"""Weight of a market without its tables, as measured on the baseline: 1.4 to 2.4 MiB with 200 accounts."""


class StandingMarkets:
    """All markets that have not been given back, and what they weigh."""

    def __init__(self) -> None:
        self._shared_bytes: weakref.WeakKeyDictionary[mesa.Model, int] = weakref.WeakKeyDictionary()
        self._in_use_bytes = 0

    def admit(self, market: mesa.Model, *, shares_tables: bool = False) -> None:
        """Take in a market that is about to be built, and make room for it first.

        Parameters
        ----------
        market : Model
            The market.
        shares_tables : bool
            Whether it is a fork, whose rows so far are its original's and weigh nothing more.
        """
        standing = self._bytes()
        if standing > self._in_use_bytes + max(MOST_UNUSED_BYTES, self._in_use_bytes // 2) and gc.isenabled():
            gc.collect()
            standing = self._bytes()
            self._in_use_bytes = standing
        self._in_use_bytes = min(self._in_use_bytes, standing)
        self._shared_bytes[market] = _tables_bytes(market) if shares_tables else 0

    def _bytes(self) -> int:
        return sum(_weight_bytes(market) - shared for market, shared in list(self._shared_bytes.items()))


def take_apart(market: mesa.Model) -> None:
    """Give a market back at once; nobody but the caller may hold it or one of its traders."""
    for part in (*market.agents, market):
        part.__dict__.clear()


def _weight_bytes(market: mesa.Model) -> int:
    """Return about what a market holds; one whose building failed has next to nothing."""
    accounts = len(getattr(market, "messages_sent", ()))
    return _FIXED_BYTES + _BYTES_PER_ACCOUNT * accounts + _tables_bytes(market)


def _tables_bytes(market: mesa.Model) -> int:
    recorder = getattr(market, "recorder", None)
    return 0 if recorder is None else int(recorder.nbytes)


STANDING_MARKETS = StandingMarkets()

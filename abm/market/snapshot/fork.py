"""Markets from markets: a fork in memory, a file, and a market from a file."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from abm.core.errors import CopyError, SnapshotError
from abm.market.memory import STANDING_MARKETS
from abm.market.snapshot.file import SnapshotFile, write_snapshot
from abm.market.snapshot.rebuild import RebuiltMarket
from abm.market.snapshot.walk import MarketWalk
from abm.recording.drafts import reason, shown

_MarketT = TypeVar("_MarketT", bound=Any)


def forked(market: _MarketT, memo: dict[int, Any] | None = None) -> _MarketT:
    """Return an equal market that shares nothing that changes.

    Parameters
    ----------
    market : TokenFuturesMarket
        Between two rounds.
    memo : dict, optional
        As ``copy.deepcopy`` passes it on: gets the twin of every thing.

    Raises
    ------
    CopyError
        In the middle of a round, or if something that the market holds cannot be copied.
    """
    _require_between_rounds(market, "copied")
    walk = MarketWalk(is_file=False)
    with _no_garbage_looked_for():
        records, memory = walk.take(market)
        rebuilt = RebuiltMarket(records, memory.copies())
    if memo is not None:
        _require_no_twins(walk.things, memo)
        memo.update(zip(map(id, walk.things), rebuilt.things, strict=True))
    twin: _MarketT = rebuilt.things[0]
    STANDING_MARKETS.admit(twin, shares_tables=True)
    return twin


def save_market(market: Any, path: str | os.PathLike[str], facts: Mapping[str, Any] | None = None) -> Path:
    """Write a market to a file, with facts that can be read alone, and return its path."""
    _require_between_rounds(market, "saved")
    place = path_of(path)
    with _no_garbage_looked_for():
        return write_snapshot(MarketWalk(is_file=True).take(market), place, facts or {})


def load_market(path: str | os.PathLike[str] | SnapshotFile, kind: type) -> Any:
    """Return the market of a file.

    Raises
    ------
    SnapshotError
        If the file is missing, damaged, foreign or of another program, or holds a market of another class.
    """
    file = path if isinstance(path, SnapshotFile) else SnapshotFile(path_of(path))
    try:
        with _no_garbage_looked_for():
            market = RebuiltMarket(file.records(), file.memory()).things[0]
    except SnapshotError as error:
        raise SnapshotError(f"{shown(file.path)}: {error}") from error
    except Exception as error:  # whole, yet not written by ``write_snapshot``
        raise SnapshotError(f"{shown(file.path)}: cannot be rebuilt: {reason(error)}") from error
    if not isinstance(market, kind):
        raise SnapshotError(f"{shown(file.path)}: of a {type(market).__name__}, not of a {kind.__name__}")
    STANDING_MARKETS.admit(market)
    return market


def path_of(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file for a saved market, or raise ``SnapshotError``."""
    try:
        found = Path(path)
    except TypeError:
        raise SnapshotError(f"path: {path!r} is not a path") from None
    if found.name in ("", ".."):
        raise SnapshotError(f"path: {os.fspath(path)!r} does not name a file")
    return found


@contextmanager
def _no_garbage_looked_for() -> Iterator[None]:
    """Make many things that all stay without the collector's looks in between: a third less time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _require_no_twins(things: list[Any], memo: dict[int, Any]) -> None:
    """Refuse a copy that began with a part, as arrays of that part may share memory with those of others."""
    for thing in things:
        if memo.get(id(thing), thing) is not thing:
            raise CopyError(
                f"{type(thing).__name__} cannot be copied alone: copy its market, and take that of the copy"
            )


def _require_between_rounds(market: Any, action: str) -> None:
    if market.timer.is_running:
        raise CopyError(
            f"{type(market).__name__} cannot be {action} in the middle of a round: "
            "do it between two steps, not in a trader's or a rule's own method"
        )

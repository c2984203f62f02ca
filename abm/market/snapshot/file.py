"""A snapshot as one file: plain values as JSON, the memory of arrays as it is, and a checksum over all.

    sitsim market 1
    <SHA-256 of all that follows>
    <JSON: program, facts of the run, bytes of the records, bytes and place of each stretch of memory>
    <JSON: the records><the stretches, one after the other>

It holds no code. Classes and functions are named and looked up in what is installed, so that loading imports
the modules of a user's own classes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from abm.core.errors import RunFolderError, SnapshotError
from abm.market.snapshot.kind import Record, Snapshot
from abm.market.snapshot.memory import Bytes, room_for
from abm.market.snapshot.program import in_words, program
from abm.recording.drafts import reason, shown, write_file

_KIND = b"sitsim market "
_FIRST_LINE = _KIND + b"1\n"


def write_snapshot(snapshot: Snapshot, path: Path, facts: Mapping[str, Any]) -> Path:
    """Write a snapshot in one move, so that a reader sees a whole one or none.

    Parameters
    ----------
    snapshot : Snapshot
        Taken for a file.
    path : Path
        The file; one that is there is replaced.
    facts : mapping
        What can be read without rebuilding anything, as JSON knows it.

    Raises
    ------
    SnapshotError
        If it cannot be written.
    """
    records = json.dumps(snapshot.records, separators=(",", ":")).encode()
    head = {
        "program": program(),
        "facts": dict(facts),
        "records": len(records),
        "memory": snapshot.memory.sizes(),
    }
    content = b"".join([json.dumps(head).encode(), b"\n", records, *snapshot.memory.contents()])
    digest = hashlib.sha256(content).hexdigest().encode()
    try:
        return write_file(path, b"".join([_FIRST_LINE, digest, b"\n", content]))
    except RunFolderError as error:
        raise SnapshotError(str(error)) from error


class SnapshotFile:
    """A file that was found whole and of this program.

    Parameters
    ----------
    path : Path
        Where it is.

    Attributes
    ----------
    facts : dict
        As they were written.

    Raises
    ------
    SnapshotError
        If it is missing, damaged, no saved market, or of another program, in one line that names it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = _content(path)
        line, _, rest = content.partition(b"\n")
        first, digest = line + b"\n", rest[:64]
        if not first.startswith(_KIND):
            _refuse(path, "not a saved market")
        if first != _FIRST_LINE:
            _refuse(path, f"a saved market of another layout than this program's, {in_words(program())}")
        body = memoryview(rest)[65:]
        if rest[64:65] != b"\n" or hashlib.sha256(body).hexdigest().encode() != digest:
            _refuse(path, "damaged: its content is not what its checksum says")
        end = rest.index(b"\n", 65)
        head = json.loads(rest[65:end])
        if head["program"] != program():
            _refuse(
                path,
                f"saved by {in_words(head['program'])}, this is {in_words(program())}: "
                "a saved market is loaded by the program that saved it",
            )
        self.facts: dict[str, Any] = head["facts"]
        self._records = memoryview(rest)[end + 1 : end + 1 + head["records"]]
        self._sizes: list[tuple[int, int]] = head["memory"]
        self._memory = memoryview(rest)[end + 1 + head["records"] :]

    def records(self) -> list[Record]:
        """Return the records."""
        return [Record(*each) for each in json.loads(bytes(self._records))]

    def memory(self) -> list[Bytes]:
        """Return fresh memory with the content of each stretch."""
        stretches, first = [], 0
        for n_bytes, start in self._sizes:
            room, _ = room_for(n_bytes, start)
            room[:] = np.frombuffer(self._memory, dtype=np.uint8, count=n_bytes, offset=first)
            stretches.append(room)
            first += n_bytes
        return stretches


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        _refuse(path, "there is no such file")
    except (OSError, ValueError) as error:
        _refuse(path, f"cannot be read: {reason(error)}")


def _refuse(path: Path, why: str) -> NoReturn:
    raise SnapshotError(f"{shown(path)}: {why}") from None

"""Named columns of a CSV file with a header line, each cell with the line it stands in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from abm.core.errors import SitsimError


def read_columns(
    path: Path, columns: Sequence[str], optional: Sequence[str] = (), *, error: type[SitsimError]
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and wanted cells of each row, in the order asked for; blank lines are skipped.

    Parameters
    ----------
    path : Path
        A UTF-8 file, with or without a byte-order mark.
    columns : sequence of str
        Names that must stand once in the header; letters of another case are taken where none fits exactly.
    optional : sequence of str
        Names that may; the cells of a column that is not there are empty.
    error : type
        What is raised.

    Raises
    ------
    SitsimError
        Of the type given, if the file cannot be read, lacks a column or has a row of another length; one
        line with file, line and what is allowed.
    """
    with _opened(path, error) as reader:
        header = _header(reader)
        places = _places(path, header, columns, optional, error)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise error(
                    f"{path}:{reader.line_num}: fields: {len(row)} is not {len(header)}, as in the header"
                )
            yield reader.line_num, ["" if place is None else row[place].strip() for place in places]


def column_names(path: Path, *, error: type[SitsimError]) -> list[str]:
    """Return the names in the header of a CSV file, in order.

    Raises
    ------
    SitsimError
        Of the type given, if the file cannot be read.
    """
    with _opened(path, error) as reader:
        return _header(reader)


@contextmanager
def _opened(path: Path, error: type[SitsimError]) -> Iterator[Any]:
    """Yield a reader of the file's rows; what goes wrong with the file is said in one line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield csv.reader(stream, strict=True)
    except OSError as failure:
        raise error(f"{path}: cannot be read: {failure.strerror}") from failure
    except (UnicodeDecodeError, csv.Error) as failure:
        raise error(f"{path}: is not a UTF-8 CSV file: {failure}") from failure


def _header(reader: Iterator[list[str]]) -> list[str]:
    return [name.strip() for name in next(reader, [])]


def _places(
    path: Path,
    header: list[str],
    columns: Sequence[str],
    optional: Sequence[str],
    error: type[SitsimError],
) -> list[int | None]:
    """Return where each column stands."""
    found = ", ".join(header) or "none"
    folded = [name.casefold() for name in header]
    places: list[int | None] = []
    for name in (*columns, *optional):
        names, wanted = (header, name) if name in header else (folded, name.casefold())
        times = names.count(wanted)
        if times > 1 or (times == 0 and name in columns):
            raise error(f"{path}:1: column {name!r} is not once in the header ({found})")
        places.append(names.index(wanted) if times else None)
    return places

"""One table's rows: gathered cheaply while the market runs, checked and typed when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.core.copying import FixedItems
from abm.core.orders import NO_PRICE
from abm.recording.schemas import SCHEMAS

if TYPE_CHECKING:
    import pandas as pd

_KINDS_ALLOWED = {"int64": "iu", "double": "fiu", "bool": "b", "string": "UOT"}
_DTYPES: dict[str, Any] = {"int64": np.int64, "double": np.float64, "bool": np.bool_, "string": np.object_}

_TYPES = {name: {field.name: str(field.type) for field in schema} for name, schema in SCHEMAS.items()}
_COLUMNS = {name: frozenset(schema.names) for name, schema in SCHEMAS.items()}


class TableBuffer:
    """Rows of one table, kept as the pieces they arrived in.

    Parameters
    ----------
    name : str
        Name of the table in ``SCHEMAS``.

    Attributes
    ----------
    nbytes : int
        Size of the arrays kept so far.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._pieces: dict[str, FixedItems[Any]] = {column: FixedItems() for column in self.schema.names}
        self._lengths: list[int] = []
        self.nbytes = 0

    @property
    def schema(self) -> pa.Schema:
        """Columns of the table with their types."""
        return SCHEMAS[self.name]

    def append(self, columns: dict[str, Any]) -> None:
        """Add rows from scalars and equally long arrays of all columns; see ``Recorder.append``."""
        length = -1
        for column, value in columns.items():
            if isinstance(value, np.ndarray):
                assert value.ndim == 1, f"{self.name}.{column}: shape {value.shape} is not one-dimensional"
                assert length in (-1, value.size), (
                    f"{self.name}.{column}: {value.size} rows where other columns have {length}"
                )
                length = value.size
                # The caller's array may be a view of live state: what is kept must not move with it.
                value = value.copy()
                self.nbytes += value.nbytes
            self._pieces[column].append(value)
        self._lengths.append(1 if length == -1 else length)

    def to_arrow(self) -> pa.Table:
        """Return all rows as an Arrow table of the declared schema."""
        arrays = [self._column(field) for field in self.schema]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _column(self, field: pa.Field) -> pa.Array:
        values = self._joined(field.name)
        if field.nullable:
            return pa.array(values, type=field.type, mask=values == NO_PRICE)
        return pa.array(values, type=field.type)

    def _joined(self, column: str) -> NDArray[Any]:
        kind = _TYPES[self.name][column]
        pieces = self._pieces[column]
        if not pieces:
            return np.empty(0, dtype=_DTYPES[kind])
        if not any(isinstance(piece, np.ndarray) for piece in pieces):
            return np.repeat(self._typed(column, np.array(pieces)), self._lengths)
        arrays = [
            self._typed(column, piece if isinstance(piece, np.ndarray) else np.full(length, piece))
            for piece, length in zip(pieces, self._lengths, strict=True)
        ]
        return np.concatenate(arrays)

    def _typed(self, column: str, values: NDArray[Any]) -> NDArray[Any]:
        kind = _TYPES[self.name][column]
        assert values.dtype.kind in _KINDS_ALLOWED[kind] or values.size == 0, (
            f"{self.name}.{column}: values of type {values.dtype} in a column of type {kind}"
        )
        return values.astype(_DTYPES[kind])


def check_column_names(table: str, columns: dict[str, Any]) -> None:
    """Assert that the names given are exactly the columns of a table."""
    assert table in _COLUMNS, f"recorder: there is no table {table!r}"
    if columns.keys() != _COLUMNS[table]:
        unknown = sorted(columns.keys() - _COLUMNS[table])
        missing = sorted(_COLUMNS[table] - columns.keys())
        raise AssertionError(f"table {table}: unknown columns {unknown}, missing columns {missing}")


def to_frame(arrow: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a data frame whose types do not depend on the rows.

    Integer columns that may be null have the ``Int64`` type, so that a price never becomes a float.
    """
    import pandas as pd  # late: opening a run folder does not need it

    frame: pd.DataFrame = arrow.to_pandas(ignore_metadata=True)
    nullable = {
        field.name: arrow.column(field.name).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        for field in arrow.schema
        if field.nullable and pa.types.is_integer(field.type)
    }
    return frame.assign(**nullable)

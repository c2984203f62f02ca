"""Formats of the run folder: what each added, so that folders of all of them can be read.

A new column or table makes a new format: it says so itself where it is declared (``since`` of
``abm.recording.columns``), and a folder of the format is kept (``tests/recording/folders``). Another meaning
of a column stands in ``changed`` of its format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from abm.recording.columns import declared_filling, declared_since
from abm.recording.schemas import SCHEMAS


@dataclass(frozen=True)
class Format:
    """One format of the run folder.

    Parameters
    ----------
    number : int
        As the manifest states it.
    tables_added : tuple of str
        Tables that the format before had not.
    columns_added : mapping of str to mapping of str to value
        By table, the columns that the format before had not, and what they are filled with in its folders;
        None is null.
    changed : mapping of str to str
        ``table.column`` that the format before had in another meaning, and which.
    """

    number: int
    tables_added: tuple[str, ...] = ()
    columns_added: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)


_FIRST: tuple[Format, ...] = (
    Format(1),
    Format(
        2,
        tables_added=("transfers",),
        columns_added={
            "agents": dict.fromkeys(
                (
                    "pay_usd_micro",
                    "levies_usd_micro",
                    "credit_interest_usd_micro",
                    "collateral_interest_usd_micro",
                    "deficit_covered_usd_micro",
                    "gains_given_up_usd_micro",
                )
            )
        },
        changed={
            "agents.pnl_usd_micro": "all that changed the equity: interest, levies and losses that others "
            "bore are in it"
        },
    ),
    Format(
        3,
        tables_added=("provider_prices", "bills", "positions"),
        columns_added={
            "agents": {"name": ""},
            "hedging": {
                "name": "",
                **dict.fromkeys(
                    (
                        "provider",
                        "price_multiple",
                        "expected_need_msit",
                        "expected_need_bill_usd",
                        "budget_usd",
                    )
                ),
            },
        },
    ),
    Format(
        4,
        tables_added=("depth",),
        columns_added={
            "trades": dict.fromkeys(("mid_before_ticks", "mid_after_ticks", "aggressor_class")),
        },
    ),
    Format(
        5,
        tables_added=("clearing_days", "margin_models", "margin_model_lots"),
    ),
)
"""Formats from before columns and tables said themselves since when they are there."""


def _declared(schemas: Mapping[str, pa.Schema], after: int) -> tuple[Format, ...]:
    """Return the formats that columns and tables declare beyond a number."""
    tables = {name: declared_since(schema.metadata) for name, schema in schemas.items()}
    columns = [
        (declared_since(column.metadata), name, column)
        for name, schema in schemas.items()
        for column in schema
    ]
    newest = max(after, *tables.values(), *(number for number, _, _ in columns))
    formats = []
    for number in range(after + 1, newest + 1):
        added: dict[str, dict[str, object]] = {}
        for since, table, column in columns:
            if since == number > tables[table]:
                added.setdefault(table, {})[column.name] = declared_filling(column.metadata)
        of_table = tuple(name for name, since in tables.items() if since == number)
        formats.append(Format(number, of_table, added))
    return tuple(formats)


HISTORY: tuple[Format, ...] = (*_FIRST, *_declared(SCHEMAS, _FIRST[-1].number))
"""Every format, oldest first; the manifest also has checksums from format 2 on."""


FORMAT = HISTORY[-1].number
"""Format that is written."""

FIRST_WITH_CHECKSUMS = 2


def _later(number: int) -> tuple[Format, ...]:
    return tuple(known for known in HISTORY if known.number > number)


def schemas_of(number: int) -> dict[str, pa.Schema]:
    """Return the schema of each table of a format."""
    schemas = dict(SCHEMAS)
    for later in reversed(_later(number)):
        for table in later.tables_added:
            del schemas[table]
        for table, columns in later.columns_added.items():
            if table in schemas:
                kept = [column for column in schemas[table] if column.name not in columns]
                schemas[table] = pa.schema(kept, metadata=schemas[table].metadata)
    return schemas


def schemas_digest(schemas: Mapping[str, pa.Schema]) -> str:
    """Return a SHA-256 over the names, types, nullability and units of all columns, in order."""
    lines = [
        f"{table}.{column.name} {column.type} {column.nullable} {column.metadata[b'units'].decode()}"
        for table, schema in sorted(schemas.items())
        for column in schema
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def filled(arrow: pa.Table, table: str, number: int) -> pa.Table:
    """Return a table of an older format with the columns of the present one, in its order.

    A column filled with null may be null, whatever its schema says.
    """
    fillings: dict[str, object] = {}
    for later in _later(number):
        fillings |= later.columns_added.get(table, {})
    columns, fields = [], []
    for column in SCHEMAS[table]:
        if column.name in fillings:
            value = fillings[column.name]
            columns.append(pa.array([value] * len(arrow), type=column.type))
            fields.append(column.with_nullable(column.nullable or value is None))
        else:
            columns.append(arrow.column(column.name))
            fields.append(column)
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=SCHEMAS[table].metadata))


def said_of(number: int, tables: frozenset[str]) -> tuple[str, ...]:
    """Return what is to be known of a folder of an older format that has these tables, a line each."""
    lines = []
    for later in _later(number):
        lines += [f"there was no table {table} yet" for table in later.tables_added]
        for table, columns in later.columns_added.items():
            if table in tables:
                by_filling: dict[str, list[str]] = {}
                for column, value in columns.items():
                    by_filling.setdefault("null" if value is None else repr(value), []).append(column)
                lines += [
                    f"table {table} had no {', '.join(names)} yet (filled with {filling})"
                    for filling, names in by_filling.items()
                ]
        lines += [
            f"{column} was {meaning}"
            for column, meaning in later.changed.items()
            if column.partition(".")[0] in tables
        ]
    return tuple(f"run folder of format {number}: {line}" for line in lines)

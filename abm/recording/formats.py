"""Formats of the run folder: what each added, so that folders of all of them can be read.

A new column, a new table or another meaning of one makes a new format: add it to ``SCHEMAS`` and to
``HISTORY``, with the digest that the test of this file names, and record a folder of it
(``tests/recording/folders``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from abm.recording.schemas import SCHEMAS


@dataclass(frozen=True)
class Format:
    """One format of the run folder.

    Parameters
    ----------
    number : int
        As the manifest states it.
    schemas_sha256 : str
        Digest of the schemas it has, see ``schemas_digest``.
    tables_added : tuple of str
        Tables that the format before had not.
    columns_added : mapping of str to mapping of str to value
        By table, the columns that the format before had not, and what they are filled with in its folders;
        None is null.
    changed : mapping of str to str
        ``table.column`` that the format before had in another meaning, and which.
    """

    number: int
    schemas_sha256: str
    tables_added: tuple[str, ...] = ()
    columns_added: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)


HISTORY: tuple[Format, ...] = (
    Format(1, "91e07be9544d1fdae584eeef46dd79e9dfba780ad8a9e32e98901618de879548"),
    Format(
        2,
        "a6c6e06cf187af3dcbd9604f824e5e199bd0575f4b8af4df89fbb8ce892e6071",
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
        "9767fc20736b7e07c3463151bb0fef5277a64c644510129e124f1e2ef15e0775",
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
        "c79f26d2ae5fd9246e18658624392a3e7dc42c591c5fec43d3a75008ef9b1a5e",
        tables_added=("depth",),
        columns_added={
            "trades": dict.fromkeys(("mid_before_ticks", "mid_after_ticks", "aggressor_class")),
        },
    ),
    Format(
        5,
        "7d90f2bba3f246a042c800a66a3cce0d091c4e30675dd1f2fee6f10df1245d5b",
        tables_added=("clearing_days", "margin_models", "margin_model_lots"),
    ),
)
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

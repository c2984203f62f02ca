"""Kinds of columns that the tables of a run folder are made of, and those that many share."""

from __future__ import annotations

import pyarrow as pa


def column(name: str, kind: pa.DataType, units: str, description: str, *, nullable: bool = False) -> pa.Field:
    """Return a column with its units and description."""
    return pa.field(name, kind, nullable, metadata={"units": units, "description": description})


def whole_number(name: str, units: str, description: str) -> pa.Field:
    """Return a column of integers."""
    return column(name, pa.int64(), units, description)


def money(name: str, description: str) -> pa.Field:
    """Return a column of integer micro-USD."""
    return whole_number(f"{name}_usd_micro", "micro-USD", description)


def price(name: str, description: str) -> pa.Field:
    """Return a column of prices in ticks, null where there is none."""
    return column(f"{name}_ticks", pa.int64(), "ticks", description, nullable=True)


def number(name: str, units: str, description: str) -> pa.Field:
    """Return a column of floats."""
    return column(name, pa.float64(), units, description)


def flag(name: str, description: str) -> pa.Field:
    """Return a column of truth values."""
    return column(name, pa.bool_(), "true or false", description)


def text(name: str, description: str) -> pa.Field:
    """Return a column of text."""
    return column(name, pa.string(), "text", description)


DAY = whole_number("day", "trading day", "Trading day, from 0.")
ROUND = whole_number("round", "round of the day", "Trading round within the day, from 0.")
MONTH = whole_number("month", "delivery month", "Absolute number of the delivery month.")
TENOR = whole_number("tenor", "months", "Months between the front month (0) and this one.")
ACCOUNT = whole_number("account", "account number", "Trading account.")
MEMBER = whole_number("member", "member number", "Clearing member of the account.")
NAME = text("name", "Name of the company if the scenario names one; empty for all others.")


def schema(description: str, *fields: pa.Field) -> pa.Schema:
    """Return the schema of a table."""
    return pa.schema(fields, metadata={"description": description})

"""What a company will buy, month by month, as it stands in a CSV file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.csv_columns import read_columns
from abm.core.errors import ParameterError

MOST_MONTHS = 120
"""As many as a study can have."""
MOST_MSIT_A_MONTH = 1e12
_CALENDAR_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True)
class CompanyNeeds:
    """Expected need of a company.

    Attributes
    ----------
    msit_per_month : array of float, shape (months,)
        Expected need of each month, all providers together.
    provider_shares : dict of str to float
        Share of each named provider in the whole need; empty where the file names none.
    first_month : str
        How the file calls the first month.
    """

    msit_per_month: FloatArray
    provider_shares: dict[str, float]
    first_month: str


def read_needs(path: Path) -> CompanyNeeds:
    """Read needs from a CSV file with the columns ``month``, ``mSIT`` and, where wanted, ``provider``.

    Months are numbered from 1 or written YYYY-MM; a month may stand in several lines, one for each provider.
    The first is the first delivery month that can be hedged. None may be missing in between: a month without
    a need is a line with 0.

    Parameters
    ----------
    path : Path
        A UTF-8 file with a header line.

    Raises
    ------
    ParameterError
        In one line with file, line, value and what is allowed: if the file cannot be read, a column or a
        month is missing, a line stands twice, or a value is no month or no need.
    """
    need: dict[int, dict[str, float]] = {}
    written: dict[int, str] = {}
    for line, (month, amount, provider) in read_columns(
        path, ["month", "mSIT"], ["provider"], error=ParameterError
    ):
        number = _month(f"{path}:{line}: month", month)
        by_provider = need.setdefault(number, {})
        if provider in by_provider:
            whose = f" for provider {provider!r}" if provider else ""
            raise ParameterError(f"{path}:{line}: month {month} stands there twice{whose}")
        by_provider[provider] = _amount(f"{path}:{line}: mSIT", amount)
        written.setdefault(number, month)
    months = _without_gaps(path, sorted(need), written)
    totals = np.array([sum(need[month].values()) for month in months])
    whole = float(totals.sum())
    if not whole > 0.0:
        raise ParameterError(f"{path}: mSIT: 0 in every month is not > 0 in some month")
    names = sorted({name for month in months for name in need[month]})
    if "" in names and len(names) > 1:
        raise ParameterError(f"{path}: provider: blank in some lines is not a name in every line, or in none")
    shares = {name: sum(need[month].get(name, 0.0) for month in months) / whole for name in names if name}
    return CompanyNeeds(totals, shares, written[months[0]])


def _without_gaps(path: Path, months: list[int], written: dict[int, str]) -> list[int]:
    if not months:
        raise ParameterError(f"{path}: month: no line is not at least one month")
    calendar = months[0] > MOST_MONTHS
    if not calendar and months[0] != 1:
        raise ParameterError(f"{path}: month: 1 is missing, the file begins with {written[months[0]]}")
    for earlier, later in pairwise(months):
        if later != earlier + 1:
            missing = _name(earlier + 1) if calendar else str(earlier + 1)
            if not calendar and later > MOST_MONTHS:
                raise ParameterError(
                    f"{path}: month: {written[earlier]} and {written[later]} are not written in one way"
                )
            raise ParameterError(
                f"{path}: month: {missing} is missing between {written[earlier]} and {written[later]}"
            )
    if len(months) > MOST_MONTHS:
        raise ParameterError(f"{path}: month: {len(months)} months are not at most {MOST_MONTHS}")
    return months


def _month(place: str, text: str) -> int:
    """Return a month's number, a calendar month counted from year 0."""
    found = _CALENDAR_MONTH.fullmatch(text)
    if found and found[1] > "0999" and 1 <= int(found[2]) <= 12:
        return 12 * int(found[1]) + int(found[2]) - 1
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_MONTHS:
        return int(text)
    raise ParameterError(f"{place}: {text!r} is not YYYY-MM or a whole number from 1 to {MOST_MONTHS}")


def _name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _amount(place: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= MOST_MSIT_A_MONTH:
        raise ParameterError(f"{place}: {text!r} is not a number in [0, {MOST_MSIT_A_MONTH:g}]")
    return value

"""Published list prices of providers: the file, and the level, offsets and trend they imply."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.errors import IndexDataError
from abm.core.neighbours import neighbour_folder
from abm.spot.index.index import IndexUnavailable, sit_equivalent_price, token_price_index
from abm.spot.process.domain import require

_ValueT = TypeVar("_ValueT")

COLUMNS = (
    "provider",
    "model",
    "effective_from",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "mmlu_percent",
    "source",
)
"""Columns of a provider price file, in order."""

_DAYS_PER_YEAR = 365.25
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """One published price of one model, in force from a date."""

    provider: str
    model: str
    effective_from: date
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    mmlu_percent: float | None
    """Published MMLU score; None when unpublished."""
    source: str

    def blended_usd(self, output_share: float) -> float:
        """Return the price in USD per million tokens of which ``output_share`` are output tokens."""
        return (1.0 - output_share) * self.input_usd_per_mtok + output_share * self.output_usd_per_mtok


@dataclass(frozen=True, slots=True, eq=False)
class ListPriceFit:
    """What list prices say about the spot process and the providers around it.

    Attributes
    ----------
    initial_price_usd : float
        Token Price Index of the providers' newest qualified models at equal volumes, USD per mSIT.
    provider_names : tuple of str
        Providers with a qualified model, in order of first appearance.
    provider_models : tuple of str
        Newest qualified model of each.
    provider_log_offsets : array of float, shape (n,)
        ln(SIT-equivalent price / index) of each.
    trend_per_year : float
        Fall of the log SIT-equivalent price per year: positive when prices fall.
    trend_standard_error : float
        Of ``trend_per_year``, from ordinary least squares.
    n_qualified_rows : int
        Rows behind the trend.
    """

    initial_price_usd: float
    provider_names: tuple[str, ...]
    provider_models: tuple[str, ...]
    provider_log_offsets: FloatArray
    trend_per_year: float
    trend_standard_error: float
    n_qualified_rows: int


def packaged_price_file(name: str = "provider_prices.csv") -> Path:
    """Return the path of a price file that comes with the package."""
    return neighbour_folder("scenarios") / "data" / name


def read_list_prices(path: Path | None = None) -> list[ListPrice]:
    """Return the rows of a provider price file in file order.

    Parameters
    ----------
    path : Path, optional
        A CSV file with the columns ``COLUMNS``; the packaged file by default. ``effective_from`` is
        YYYY-MM-DD, or YYYY-MM for the first of a month; a blank ``mmlu_percent`` is an unpublished score.

    Raises
    ------
    IndexDataError
        If the file is missing, has other columns, or holds a value outside its domain; the message names
        file, line, field, value and what is allowed.
    """
    source = packaged_price_file() if path is None else path
    rows: list[ListPrice] = []
    seen: set[tuple[str, str, date]] = set()
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                raise IndexDataError(f"{source}:1: columns: {header} is not {list(COLUMNS)}")
            for cells in reader:
                if not cells:
                    continue
                place = f"{source}:{reader.line_num}"
                row = _row(place, cells)
                key = (row.provider, row.model, row.effective_from)
                if key in seen:
                    raise IndexDataError(
                        f"{place}: effective_from: {key} is not unique: one price a model and date"
                    )
                seen.add(key)
                rows.append(row)
    except OSError as error:
        raise IndexDataError(f"{source}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise IndexDataError(f"{source}: is not a UTF-8 CSV file: {error}") from error
    if not rows:
        raise IndexDataError(f"{source}: rows: 0 is not >= 1")
    return rows


def fit_list_prices(
    rows: Sequence[ListPrice],
    *,
    output_share: float,
    reference_quality: float,
    minimum_quality: float,
    cap: float,
    min_providers: int,
) -> ListPriceFit:
    """Return the initial price, provider offsets and price trend that list prices imply.

    Parameters
    ----------
    rows : sequence of ListPrice
        As read from a price file. Where one provider has two qualified models from its newest date, the later
        row is its quote.
    output_share : float
        Share of output tokens in the blended price, in [0, 1].
    reference_quality, minimum_quality : float
        MMLU percent of the Standard Inference Token, and the gate to qualify; an unpublished score does not
        qualify.
    cap, min_providers
        Weight cap and smallest number of providers of the Token Price Index.

    Raises
    ------
    IndexDataError
        If the qualified rows give no index, or fewer than three dated prices for a trend.
    ParameterError
        If an argument is outside its domain.

    Notes
    -----
    The trend is minus the least-squares slope of ln(SIT-equivalent blended price) on the date over all
    qualified rows, every row counting once. For comparison: the fall from 60 to 1.50 USD in 24 months quoted
    by Xing (2026), arXiv 2603.21690, is ln(40) / 2 = 1.84 a year.
    """
    require(0.0 <= output_share <= 1.0, "output_share", output_share, "in [0, 1]")
    qualified = [
        (row, row.mmlu_percent)
        for row in rows
        if row.mmlu_percent is not None and row.mmlu_percent >= minimum_quality
    ]
    blended = [row.blended_usd(output_share) for row, _ in qualified]
    equivalent = sit_equivalent_price(blended, [mmlu for _, mmlu in qualified], reference_quality)
    newest = _newest_by_provider([row for row, _ in qualified])
    quotes = equivalent[list(newest.values())]
    index = token_price_index(
        quotes,
        np.ones(quotes.size),
        qualities=np.full(quotes.size, reference_quality),
        reference_quality=reference_quality,
        minimum_quality=reference_quality,
        cap=cap,
        min_providers=min_providers,
    )
    if isinstance(index, IndexUnavailable):
        raise IndexDataError(
            f"list prices: {index.n_qualified} providers with a published MMLU >= {minimum_quality} "
            f"is not enough: {index.reason.value} (min_providers {min_providers}, cap {cap})"
        )
    decline, standard_error = _decline([row.effective_from for row, _ in qualified], np.log(equivalent))
    return ListPriceFit(
        initial_price_usd=index.value_usd,
        provider_names=tuple(newest),
        provider_models=tuple(qualified[i][0].model for i in newest.values()),
        provider_log_offsets=np.log(quotes / index.value_usd),
        trend_per_year=decline,
        trend_standard_error=standard_error,
        n_qualified_rows=len(qualified),
    )


def _newest_by_provider(rows: Sequence[ListPrice]) -> dict[str, int]:
    """Return the row of each provider's newest price, the later one of two from the same date."""
    newest: dict[str, int] = {}
    for i, row in enumerate(rows):
        known = newest.get(row.provider)
        if known is None or row.effective_from >= rows[known].effective_from:
            newest[row.provider] = i
    return newest


def _decline(dates: Sequence[date], log_prices: FloatArray) -> tuple[float, float]:
    """Return minus the least-squares slope of log price per year, and its standard error."""
    if len(dates) < 3 or len(set(dates)) < 2:
        raise IndexDataError(
            f"list prices: {len(dates)} qualified rows on {len(set(dates))} dates is not enough for a trend: "
            "at least 3 rows on 2 dates"
        )
    years = np.array([day.toordinal() for day in dates]) / _DAYS_PER_YEAR
    centred = years - years.mean()
    spread = float(centred @ centred)
    slope = float(centred @ log_prices) / spread
    residuals = log_prices - log_prices.mean() - slope * centred
    variance = float(residuals @ residuals) / (len(dates) - 2)
    return -slope, math.sqrt(variance / spread)


def _row(place: str, cells: list[str]) -> ListPrice:
    if len(cells) != len(COLUMNS):
        raise IndexDataError(f"{place}: fields: {len(cells)} is not {len(COLUMNS)}")
    text = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))

    def parsed(field: str, parse: Callable[[str], _ValueT | None], allowed: str) -> _ValueT:
        value = parse(text[field])
        if value is None:
            raise IndexDataError(f"{place}: {field}: {text[field]!r} is not {allowed}")
        return value

    price = "a finite number > 0, in USD per million tokens"
    mmlu = parsed("mmlu_percent", _percent, "in (0, 100], or blank") if text["mmlu_percent"] else None
    return ListPrice(
        provider=parsed("provider", _name, "a name"),
        model=parsed("model", _name, "a name"),
        effective_from=parsed("effective_from", _date, "a date YYYY-MM or YYYY-MM-DD"),
        input_usd_per_mtok=parsed("input_usd_per_mtok", _positive, price),
        output_usd_per_mtok=parsed("output_usd_per_mtok", _positive, price),
        mmlu_percent=mmlu,
        source=parsed("source", _name, "a source: every price needs one"),
    )


def _name(text: str) -> str | None:
    return text or None


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value < math.inf else None


def _percent(text: str) -> float | None:
    value = _positive(text)
    return value if value is not None and value <= 100.0 else None


def _date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None

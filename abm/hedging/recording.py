"""Turns a hedging result into the tables and the manifest of a run folder of kind ``hedge``."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.hedging.measures import Reduction
from abm.hedging.study_terms import StudyTerms
from abm.recording import write_hedge_folder

FAN_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_LIBRARIES = ("numpy", "scipy", "pandas", "numba")


class _Result(Protocol):
    """What a folder tells of a result: the attributes and methods of ``HedgeResult`` of the same names."""

    @property
    def study(self) -> StudyTerms: ...
    @property
    def programmes(self) -> dict[str, Any]: ...
    @property
    def event_days(self) -> NDArray[np.int64]: ...
    @property
    def bill_usd(self) -> NDArray[np.float64]: ...
    @property
    def expected_bill_usd(self) -> NDArray[np.float64]: ...
    def __getitem__(self, name: str) -> Any: ...
    def summary(self) -> pd.DataFrame: ...
    def across_paths(self, name: str, period: Literal["year", "month"]) -> list[Reduction]: ...
    def within_a_path(self, name: str) -> NDArray[np.float64]: ...


def write_result(
    result: _Result,
    folder: str | Path,
    *,
    advice: Mapping[str, Any] | None = None,
    question: Sequence[Sequence[str]] | None = None,
    command: str | None = None,
    checks: Mapping[str, pd.DataFrame] | None = None,
) -> Path:
    """Write the folder and return its place; see ``HedgeResult.write``."""
    given = {"advice": advice, "question": question, "command": command}
    manifest = result_manifest(result) | {key: value for key, value in given.items() if value is not None}
    return write_hedge_folder(folder, manifest, result_tables(result) | dict(checks or {}))


def result_tables(result: _Result) -> dict[str, pd.DataFrame]:
    """Return the tables of a folder by name; see ``abm.recording.HEDGE_TABLES``."""
    summary = result.summary().reset_index()
    measures = summary.melt(id_vars="programme", var_name="measure", value_name="value")
    return {
        "measures": measures.astype({"value": float}),
        "bills": pd.concat([_bills(result, name) for name in result.programmes]),
        "bill_fan": pd.concat([_bill_fan(result, name) for name in result.programmes]),
        "cash_fan": pd.concat([_cash_fan(result, name) for name in result.programmes]),
        "paths": pd.concat([_paths(result, name) for name in result.programmes]),
    }


def _bills(result: _Result, name: str) -> pd.DataFrame:
    """By month: means and standard deviations over paths, and what the hedge cost."""
    mine = result[name]
    months = len(mine.bill_usd)
    across = result.across_paths(name, "month")
    return pd.DataFrame(
        {
            "programme": name,
            "month": np.arange(1, months + 1),
            "expected_bill_usd": result.expected_bill_usd.mean(axis=1),
            "unhedged_mean_usd": result.bill_usd.mean(axis=1),
            "unhedged_sd_usd": result.bill_usd.std(axis=1),
            "hedged_mean_usd": mine.bill_usd.mean(axis=1),
            "hedged_sd_usd": mine.bill_usd.std(axis=1),
            "volatility_reduction_across": [one.volatility for one in across],
            "premium_usd": mine.premium_usd.mean(axis=1),
            "spread_usd": mine.spread_usd.mean(axis=1),
            "fees_usd": mine.fees_usd.mean(axis=1),
            "funding_usd": mine.funding_usd.mean(axis=1),
            "lots_at_delivery": mine.lots_at_delivery.mean(axis=1),
        }
    )


def _bill_fan(result: _Result, name: str) -> pd.DataFrame:
    """By month and quantile: the month's bill, and the bills of all months so far."""
    bill = result[name].bill_usd
    so_far = np.cumsum(bill, axis=0)
    month, quantile = np.meshgrid(np.arange(1, len(bill) + 1), FAN_QUANTILES, indexing="ij")
    return pd.DataFrame(
        {
            "programme": name,
            "month": month.ravel(),
            "quantile": quantile.ravel(),
            "bill_usd": np.quantile(bill, FAN_QUANTILES, axis=1).T.ravel(),
            "cumulative_usd": np.quantile(so_far, FAN_QUANTILES, axis=1).T.ravel(),
        }
    )


def _cash_fan(result: _Result, name: str) -> pd.DataFrame:
    """By close and quantile: variation received so far, and the cash tied up with initial margin."""
    mine = result[name]
    closes = len(mine.variation_usd)
    day, quantile = np.meshgrid(result.event_days[:closes], FAN_QUANTILES, indexing="ij")
    need = mine.margin_usd - mine.variation_usd
    return pd.DataFrame(
        {
            "programme": name,
            "day": day.ravel().astype(np.int64),
            "quantile": quantile.ravel().astype(np.float64),
            "variation_usd": np.quantile(mine.variation_usd, FAN_QUANTILES, axis=1).T.ravel().astype(float),
            "cash_needed_usd": np.quantile(need, FAN_QUANTILES, axis=1).T.ravel().astype(float),
        }
    )


def _paths(result: _Result, name: str) -> pd.DataFrame:
    """By path: the bill of the horizon, and the largest need of cash by convention."""
    mine = result[name]
    count = mine.bill_usd.shape[1]
    return pd.DataFrame(
        {
            "programme": name,
            "path": np.arange(count),
            "bill_usd": mine.bill_usd.sum(axis=0),
            "within_volatility_reduction": result.within_a_path(name),
            **{f"peak_{convention}_usd": peak for convention, peak in mine.peak_usd.items()},
            "short_day": mine.short_day,
            "given_up_day": mine.given_up_day,
        }
    )


def result_manifest(result: _Result) -> dict[str, Any]:
    """Return the facts of the study that a result came of."""
    study = result.study
    return {
        "name": study.name,
        "seed": study.seed,
        "paths": int(result.bill_usd.shape[1]),
        "mark_every_days": study.mark_every_days,
        "programmes": list(result.programmes),
        "hedges": {hedge.name: _described(hedge) for hedge in study.hedges},
        "process": _described(study.process),
        "need": _described(study.demand),
        "basis": _described(study.basis),
        "listing": _described(study.listing),
        "shifts": None if study.shifts is None else _described(study.shifts),
        "frictions": _described(study.frictions),
        "versions": {"sitsim": version("sitsim"), "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
    }


def _described(part: object) -> dict[str, Any]:
    """Return the class and the fields of a part of a study; a user's own class may have no fields."""
    known = asdict(part) if is_dataclass(part) and not isinstance(part, type) else {}
    return {"class": type(part).__name__, **{name: _said(value) for name, value in known.items()}}


def _said(value: Any) -> Any:
    """Return a value that JSON knows; a function by its name."""
    if isinstance(value, dict):
        return {str(key): _said(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_said(item) for item in value]
    if value is None or isinstance(value, str | int | float | np.ndarray | np.generic):
        return value
    return getattr(value, "__name__", type(value).__name__)

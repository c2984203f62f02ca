"""Writes a hedging result as a run folder of kind ``hedge``: tables of what was found, and a manifest."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm.core.errors import RunFolderError
from abm.hedging.tables import FORMAT, KIND, TABLES
from abm.recording.tables import to_frame

if TYPE_CHECKING:
    from abm.hedging.result import HedgeResult

FAN_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_LIBRARIES = ("numpy", "scipy", "pandas", "numba")


def write_result(result: HedgeResult, folder: Path) -> Path:
    """Write the folder under a hidden name beside its place, move it in one step, and return its place.

    An existing folder is never touched: the new one takes the next free name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir()
        rows = {}
        for name, frame in result_tables(result).items():
            schema = TABLES[name]
            columns = {field.name: pa.array(frame[field.name], type=field.type) for field in schema}
            table = pa.Table.from_arrays(list(columns.values()), schema=schema)
            pq.write_table(table, partial / f"{name}.parquet", compression="zstd")
            rows[name] = table.num_rows
        text = json.dumps(_plain({**_manifest(result), "rows": rows}), indent=2, allow_nan=False)
        (partial / "manifest.json").write_text(text + "\n", encoding="utf-8")
        return _moved(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def read_hedge_folder(folder: str | Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return manifest and tables of a folder that ``HedgeResult.write`` made.

    Raises
    ------
    RunFolderError
        If it is no such folder, or another format.
    """
    path = Path(folder)
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path}: no readable manifest.json ({str(error).splitlines()[0]})") from None
    kind, form = (
        (manifest.get(key) for key in ("kind", "format")) if isinstance(manifest, dict) else (None,) * 2
    )
    if kind != KIND or form != FORMAT:
        raise RunFolderError(f"{path}: kind {kind!r} of format {form!r} is not {KIND!r} of format {FORMAT}")
    tables = {}
    for name, schema in TABLES.items():
        try:
            table = pq.read_table(path / f"{name}.parquet")
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path}: {name}.parquet: {str(error).splitlines()[0]}") from None
        if not table.schema.equals(schema):
            raise RunFolderError(f"{path}: {name}.parquet has not the columns of format {FORMAT}")
        tables[name] = to_frame(table)
    return manifest, tables


def result_tables(result: HedgeResult) -> dict[str, pd.DataFrame]:
    """Return the tables of a folder by name; see :mod:`abm.hedging.tables`."""
    summary = result.summary().reset_index()
    measures = summary.melt(id_vars="programme", var_name="measure", value_name="value")
    return {
        "measures": measures.astype({"value": float}),
        "bills": pd.concat([_bills(result, name) for name in result.programmes]),
        "bill_fan": pd.concat([_bill_fan(result, name) for name in result.programmes]),
        "cash_fan": pd.concat([_cash_fan(result, name) for name in result.programmes]),
        "paths": pd.concat([_paths(result, name) for name in result.programmes]),
    }


def _bills(result: HedgeResult, name: str) -> pd.DataFrame:
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


def _bill_fan(result: HedgeResult, name: str) -> pd.DataFrame:
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


def _cash_fan(result: HedgeResult, name: str) -> pd.DataFrame:
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


def _paths(result: HedgeResult, name: str) -> pd.DataFrame:
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


def _manifest(result: HedgeResult) -> dict[str, Any]:
    study = result.study
    return {
        "kind": KIND,
        "format": FORMAT,
        "name": study.name,
        "seed": study.seed,
        "paths": int(result.bill_usd.shape[1]),
        "mark_every_days": study.mark_every_days,
        "programmes": list(result.programmes),
        "process": {"class": type(study.process).__name__, **_described(study.process)},
        "need": _described(study.demand),
        "basis": _described(study.basis),
        "listing": _described(study.listing),
        "shifts": None if study.shifts is None else _described(study.shifts),
        "frictions": _described(study.frictions),
        "versions": {"sitsim": version("sitsim"), "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
    }


def _described(part: Any) -> dict[str, Any]:
    assert is_dataclass(part), f"{part} has no fields"
    return asdict(part)  # type: ignore[arg-type]


def _moved(partial: Path, folder: Path) -> Path:
    number = 1
    while True:
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not place.exists():
            os.rename(partial, place)
            return place
        number += 1


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; numbers that are not finite as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else repr(value)

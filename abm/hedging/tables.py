"""What a folder of kind ``hedge`` holds: one Arrow schema a table, units on every column."""

from __future__ import annotations

import pyarrow as pa

from abm.hedging.frictions import LIQUIDITY_CONVENTIONS

KIND = "hedge"
FORMAT = 1
"""Version of the layout; it changes when a table or column changes its meaning."""


def _field(name: str, kind: pa.DataType, units: str, description: str) -> pa.Field:
    return pa.field(name, kind, True, metadata={"units": units, "description": description})


def _usd(name: str, description: str) -> pa.Field:
    return _field(name, pa.float64(), "USD", description)


def _count(name: str, units: str, description: str) -> pa.Field:
    return _field(name, pa.int64(), units, description)


def _share(name: str, description: str) -> pa.Field:
    return _field(name, pa.float64(), "share", description)


_PROGRAMME = _field("programme", pa.string(), "text", "Name of the programme in the study.")
_MONTH = _count("month", "delivery month", "Month of the study, from 1.")
_QUANTILE = _share("quantile", "Share of paths below.")

TABLES: dict[str, pa.Schema] = {
    "measures": pa.schema(
        [
            _PROGRAMME,
            _field("measure", pa.string(), "text", "Column of HedgeResult.summary."),
            _field("value", pa.float64(), "USD or share, by the measure's name", "Value."),
        ]
    ),
    "bills": pa.schema(
        [
            _PROGRAMME,
            _MONTH,
            _usd("expected_bill_usd", "Expected need times the price expected on day 0."),
            _usd("unhedged_mean_usd", "Mean bill without a hedge."),
            _usd("unhedged_sd_usd", "Its standard deviation over paths."),
            _usd("hedged_mean_usd", "Mean bill less gains, with all costs of the hedge."),
            _usd("hedged_sd_usd", "Its standard deviation over paths."),
            _share("volatility_reduction_across", "1 - hedged over unhedged standard deviation over paths."),
            _usd("premium_usd", "Mean paid for contracts beyond their expected settlement."),
            _usd("spread_usd", "Mean half spreads."),
            _usd("fees_usd", "Mean fees."),
            _usd("funding_usd", "Mean cost of money in margin."),
            _field("lots_at_delivery", pa.float64(), "lots", "Mean position carried into final settlement."),
        ]
    ),
    "bill_fan": pa.schema(
        [
            _PROGRAMME,
            _MONTH,
            _QUANTILE,
            _usd("bill_usd", "Quantile of the month's bill."),
            _usd("cumulative_usd", "Quantile of the bills of all months so far."),
        ]
    ),
    "cash_fan": pa.schema(
        [
            _PROGRAMME,
            _count("day", "trading day", "Day of the study."),
            _QUANTILE,
            _usd("variation_usd", "Quantile of variation margin received so far, as if money never ended."),
            _usd("cash_needed_usd", "Quantile of initial margin at marks less variation received so far."),
        ]
    ),
    "paths": pa.schema(
        [
            _PROGRAMME,
            _count("path", "path number", "From 0."),
            _usd("bill_usd", "Bill of the whole horizon."),
            _share("within_volatility_reduction", "Volatility reduction over the months of this path."),
            *(_usd(f"peak_{name}_usd", f"Largest need of cash: {name}.") for name in LIQUIDITY_CONVENTIONS),
            _count("short_day", "trading day", "First day on which money was not enough; -1 never."),
            _count("given_up_day", "trading day", "Day on which the hedge was given up; -1 never."),
        ]
    ),
}

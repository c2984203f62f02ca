"""What a folder of kind ``hedge`` holds: one Arrow schema a table, units on every column."""

from __future__ import annotations

import pyarrow as pa

from abm.recording.columns import column, number, schema, text, whole_number

KIND = "hedge"
HEDGE_FORMAT = 1
"""Version of the layout; it changes when a table or column changes, with a folder kept for its test."""

CONVENTIONS = ("variation", "margin_at_marks", "constant_margin", "net_of_bills")
"""What counts as the cash that a hedge needs: names of ``abm.hedging.frictions.Liquidity``."""


def _usd(name: str, description: str) -> pa.Field:
    return number(f"{name}_usd", "USD", description)


def _share(name: str, description: str) -> pa.Field:
    return column(name, pa.float64(), "share", description, nullable=True)


_PROGRAMME = text("programme", "Name of the programme in the study.")
_MONTH = whole_number("month", "delivery month", "Month of the study, from 1.")
_QUANTILE = number("quantile", "share", "Share of paths below.")
_VALUE_UNITS = "USD or share, by the measure's name"

HEDGE_TABLES: dict[str, pa.Schema] = {
    "measures": schema(
        "Every measure of every programme.",
        _PROGRAMME,
        text("measure", "Column of HedgeResult.summary."),
        column("value", pa.float64(), _VALUE_UNITS, "Value; null where it is not defined.", nullable=True),
    ),
    "bills": schema(
        "Bills and costs by delivery month: means and standard deviations over paths.",
        _PROGRAMME,
        _MONTH,
        _usd("expected_bill", "Expected need times the price expected on day 0."),
        _usd("unhedged_mean", "Mean bill without a hedge."),
        _usd("unhedged_sd", "Its standard deviation over paths."),
        _usd("hedged_mean", "Mean bill less gains, with all costs of the hedge."),
        _usd("hedged_sd", "Its standard deviation over paths."),
        _share("volatility_reduction_across", "1 - hedged over unhedged standard deviation over paths."),
        _usd("premium", "Mean paid for contracts beyond their expected settlement."),
        _usd("spread", "Mean half spreads."),
        _usd("fees", "Mean fees."),
        _usd("funding", "Mean cost of money in margin."),
        number("lots_at_delivery", "lots", "Mean position carried into final settlement."),
    ),
    "bill_fan": schema(
        "Quantiles over paths of bills by delivery month.",
        _PROGRAMME,
        _MONTH,
        _QUANTILE,
        _usd("bill", "Quantile of the month's bill."),
        _usd("cumulative", "Quantile of the bills of all months so far."),
    ),
    "cash_fan": schema(
        "Quantiles over paths of margin by day; no rows for what trades no futures.",
        _PROGRAMME,
        whole_number("day", "trading day", "Day of the study."),
        _QUANTILE,
        _usd("variation", "Quantile of variation margin received so far, as if money never ended."),
        _usd("cash_needed", "Quantile of initial margin at marks less variation received so far."),
    ),
    "paths": schema(
        "One row a programme and path.",
        _PROGRAMME,
        whole_number("path", "path number", "From 0."),
        _usd("bill", "Bill of the whole horizon."),
        _share("within_volatility_reduction", "Volatility reduction over the months of this path."),
        *(_usd(f"peak_{name}", f"Largest need of cash: {name}.") for name in CONVENTIONS),
        whole_number("short_day", "trading day", "First day on which money was not enough; -1 never."),
        whole_number("given_up_day", "trading day", "Day on which the hedge was given up; -1 never."),
    ),
}
"""Tables that every such folder has."""

OPTIONAL_TABLES: dict[str, pa.Schema] = {
    "limits": schema(
        "What limits a hedge: the worst bill with one thing taken away after another.",
        _PROGRAMME,
        text("part", "What is taken away."),
        _usd("worst_bill", "Bill at the confidence of the advice, or at 99 %."),
        _usd("change", "Change of the worst bill by this part."),
    ),
    "in_market": schema(
        "The same company in the simulated market.",
        text("step", "What of the market is on."),
        text("measure", "What was measured, e.g. worst_bill_usd: _usd is money, share or reduction a share."),
        column("mean", pa.float64(), _VALUE_UNITS, "Mean over seeds.", nullable=True),
        column("low", pa.float64(), _VALUE_UNITS, "Lower end of its interval.", nullable=True),
        column("high", pa.float64(), _VALUE_UNITS, "Upper end of its interval.", nullable=True),
        whole_number("seeds", "runs", "Runs of the market."),
    ),
}
"""Tables of checks, which a folder may have."""


def all_tables() -> dict[str, pa.Schema]:
    """Return the schema of every table that a folder of kind ``hedge`` may have."""
    return HEDGE_TABLES | OPTIONAL_TABLES

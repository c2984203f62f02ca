"""Analysis: numbers, summary, figures and report, all read from run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from .call_causes import CAUSES, calls_by_cause
    from .clearing_house import (
        account_coverage,
        cover_two_by_day,
        failure_ranking,
        largest_exposures,
        layers_paid,
        margin_terms,
        tenor_backtest,
        worst_moment,
    )
    from .contagion import Cascade, cascade, contagion_graph, ranking
    from .day_facts import DayFact, day_facts
    from .hedge_page import write_hedge_report
    from .liquidity.books import book_slopes, depth_at_levels, order_flow
    from .liquidity.conditions import day_regimes
    from .liquidity.estimators import (
        Estimate,
        amihud_illiquidity,
        corwin_schultz_spread,
        resiliency,
        roll_spread,
    )
    from .liquidity.gathering import LiquidityTables, liquidity_tables
    from .liquidity.summary import liquidity_summary
    from .liquidity.trading_costs import mean_costs, trade_costs
    from .margin_backtest import (
        backtest_table,
        christoffersen_test,
        conditional_coverage_test,
        kupiec_bounds,
        kupiec_test,
        procyclicality,
    )
    from .metrics import messages_per_cpu_second, run_metrics
    from .price_impact import PriceImpact, kyle_lambda
    from .report import write_report
    from .runs import Run, load
    from .stylised_facts import Fact, Returns, aggressor_signs, facts_over_runs, returns_of
    from .summary import SummaryRow, summarise

__all__ = [
    "CAUSES",
    "Cascade",
    "DayFact",
    "Estimate",
    "Fact",
    "LiquidityTables",
    "PriceImpact",
    "Returns",
    "Run",
    "SummaryRow",
    "account_coverage",
    "aggressor_signs",
    "amihud_illiquidity",
    "backtest_table",
    "book_slopes",
    "calls_by_cause",
    "cascade",
    "christoffersen_test",
    "conditional_coverage_test",
    "contagion_graph",
    "corwin_schultz_spread",
    "cover_two_by_day",
    "day_facts",
    "day_regimes",
    "depth_at_levels",
    "facts_over_runs",
    "failure_ranking",
    "kupiec_bounds",
    "kupiec_test",
    "kyle_lambda",
    "largest_exposures",
    "layers_paid",
    "liquidity_summary",
    "liquidity_tables",
    "load",
    "margin_terms",
    "mean_costs",
    "messages_per_cpu_second",
    "order_flow",
    "procyclicality",
    "ranking",
    "resiliency",
    "returns_of",
    "roll_spread",
    "run_metrics",
    "summarise",
    "tenor_backtest",
    "trade_costs",
    "worst_moment",
    "write_hedge_report",
    "write_report",
]

offer(
    __name__,
    {
        "CAUSES": "call_causes",
        "Cascade": "contagion",
        "DayFact": "day_facts",
        "Estimate": "liquidity.estimators",
        "Fact": "stylised_facts",
        "LiquidityTables": "liquidity.gathering",
        "PriceImpact": "price_impact",
        "Returns": "stylised_facts",
        "Run": "runs",
        "SummaryRow": "summary",
        "account_coverage": "clearing_house",
        "aggressor_signs": "stylised_facts",
        "amihud_illiquidity": "liquidity.estimators",
        "backtest_table": "margin_backtest",
        "book_slopes": "liquidity.books",
        "calls_by_cause": "call_causes",
        "cascade": "contagion",
        "christoffersen_test": "margin_backtest",
        "conditional_coverage_test": "margin_backtest",
        "contagion_graph": "contagion",
        "corwin_schultz_spread": "liquidity.estimators",
        "cover_two_by_day": "clearing_house",
        "day_facts": "day_facts",
        "day_regimes": "liquidity.conditions",
        "depth_at_levels": "liquidity.books",
        "facts_over_runs": "stylised_facts",
        "failure_ranking": "clearing_house",
        "kupiec_bounds": "margin_backtest",
        "kupiec_test": "margin_backtest",
        "kyle_lambda": "price_impact",
        "largest_exposures": "clearing_house",
        "layers_paid": "clearing_house",
        "liquidity_summary": "liquidity.summary",
        "liquidity_tables": "liquidity.gathering",
        "load": "runs",
        "margin_terms": "clearing_house",
        "mean_costs": "liquidity.trading_costs",
        "messages_per_cpu_second": "metrics",
        "order_flow": "liquidity.books",
        "procyclicality": "margin_backtest",
        "ranking": "contagion",
        "resiliency": "liquidity.estimators",
        "returns_of": "stylised_facts",
        "roll_spread": "liquidity.estimators",
        "run_metrics": "metrics",
        "summarise": "summary",
        "tenor_backtest": "clearing_house",
        "trade_costs": "liquidity.trading_costs",
        "worst_moment": "clearing_house",
        "write_hedge_report": "hedge_page",
        "write_report": "report",
    },
)

"""Analysis: numbers, summary, figures and report, all read from run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.recording.class_money import expected_sharpe, margin_to_equity

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
    from .comparison.page import write_compare_report
    from .contagion import Cascade, cascade, contagion_graph, ranking
    from .day_fact_intervals import day_fact_intervals
    from .day_facts import DayFact, day_facts
    from .hedge_page import write_hedge_report
    from .inference.comparisons import adjusted_confidence, holm
    from .inference.intervals import MeanInterval, PairedDifference, mean_interval, paired_difference
    from .inference.planning import Verdict, power, seeds_needed, verdict
    from .inference.resampling import BootstrapInterval, block_bootstrap, seed_bootstrap
    from .liquidity.books import book_slopes, depth_at_levels, order_flow
    from .liquidity.conditions import day_regimes
    from .liquidity.estimators import (
        Estimate,
        amihud_illiquidity,
        corwin_schultz_spread,
        resiliency,
        roll_spread,
    )
    from .liquidity.flow_toxicity import volume_buckets, vpin
    from .liquidity.gathering import LiquidityTables, liquidity_tables
    from .liquidity.intervals import liquidity_intervals
    from .liquidity.premia import risk_premium
    from .liquidity.square_root_law import SquareRootLaw, fit_square_root_law, parent_orders
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
    from .margin_models import margin_model_table
    from .margin_power import christoffersen_power, kupiec_power
    from .metrics import messages_per_cpu_second, run_metrics
    from .price_impact import PriceImpact, kyle_lambda
    from .report import write_report
    from .runs import Run, load
    from .stylised_facts import Fact, Returns, aggressor_signs, facts_over_runs, returns_of
    from .summary import SummaryRow, summarise

__all__ = [
    "CAUSES",
    "BootstrapInterval",
    "Cascade",
    "DayFact",
    "Estimate",
    "Fact",
    "LiquidityTables",
    "MeanInterval",
    "PairedDifference",
    "PriceImpact",
    "Returns",
    "Run",
    "SquareRootLaw",
    "SummaryRow",
    "Verdict",
    "account_coverage",
    "adjusted_confidence",
    "aggressor_signs",
    "amihud_illiquidity",
    "backtest_table",
    "block_bootstrap",
    "book_slopes",
    "calls_by_cause",
    "cascade",
    "christoffersen_power",
    "christoffersen_test",
    "conditional_coverage_test",
    "contagion_graph",
    "corwin_schultz_spread",
    "cover_two_by_day",
    "day_fact_intervals",
    "day_facts",
    "day_regimes",
    "depth_at_levels",
    "expected_sharpe",
    "facts_over_runs",
    "failure_ranking",
    "fit_square_root_law",
    "holm",
    "kupiec_bounds",
    "kupiec_power",
    "kupiec_test",
    "kyle_lambda",
    "largest_exposures",
    "layers_paid",
    "liquidity_intervals",
    "liquidity_summary",
    "liquidity_tables",
    "load",
    "margin_model_table",
    "margin_terms",
    "margin_to_equity",
    "mean_costs",
    "mean_interval",
    "messages_per_cpu_second",
    "order_flow",
    "paired_difference",
    "parent_orders",
    "power",
    "procyclicality",
    "ranking",
    "resiliency",
    "returns_of",
    "risk_premium",
    "roll_spread",
    "run_metrics",
    "seed_bootstrap",
    "seeds_needed",
    "summarise",
    "tenor_backtest",
    "trade_costs",
    "verdict",
    "volume_buckets",
    "vpin",
    "worst_moment",
    "write_compare_report",
    "write_hedge_report",
    "write_report",
]

offer(
    __name__,
    {
        "BootstrapInterval": "inference.resampling",
        "CAUSES": "call_causes",
        "Cascade": "contagion",
        "DayFact": "day_facts",
        "Estimate": "liquidity.estimators",
        "Fact": "stylised_facts",
        "MeanInterval": "inference.intervals",
        "PairedDifference": "inference.intervals",
        "LiquidityTables": "liquidity.gathering",
        "PriceImpact": "price_impact",
        "Returns": "stylised_facts",
        "Run": "runs",
        "SquareRootLaw": "liquidity.square_root_law",
        "SummaryRow": "summary",
        "Verdict": "inference.planning",
        "account_coverage": "clearing_house",
        "adjusted_confidence": "inference.comparisons",
        "aggressor_signs": "stylised_facts",
        "amihud_illiquidity": "liquidity.estimators",
        "backtest_table": "margin_backtest",
        "block_bootstrap": "inference.resampling",
        "book_slopes": "liquidity.books",
        "calls_by_cause": "call_causes",
        "cascade": "contagion",
        "christoffersen_power": "margin_power",
        "christoffersen_test": "margin_backtest",
        "conditional_coverage_test": "margin_backtest",
        "contagion_graph": "contagion",
        "corwin_schultz_spread": "liquidity.estimators",
        "cover_two_by_day": "clearing_house",
        "day_fact_intervals": "day_fact_intervals",
        "day_facts": "day_facts",
        "day_regimes": "liquidity.conditions",
        "depth_at_levels": "liquidity.books",
        "expected_sharpe": "metrics",
        "facts_over_runs": "stylised_facts",
        "failure_ranking": "clearing_house",
        "fit_square_root_law": "liquidity.square_root_law",
        "holm": "inference.comparisons",
        "kupiec_bounds": "margin_backtest",
        "kupiec_power": "margin_power",
        "kupiec_test": "margin_backtest",
        "kyle_lambda": "price_impact",
        "largest_exposures": "clearing_house",
        "liquidity_intervals": "liquidity.intervals",
        "layers_paid": "clearing_house",
        "liquidity_summary": "liquidity.summary",
        "liquidity_tables": "liquidity.gathering",
        "load": "runs",
        "margin_model_table": "margin_models",
        "margin_terms": "clearing_house",
        "margin_to_equity": "metrics",
        "mean_interval": "inference.intervals",
        "messages_per_cpu_second": "metrics",
        "paired_difference": "inference.intervals",
        "parent_orders": "liquidity.square_root_law",
        "power": "inference.planning",
        "mean_costs": "liquidity.trading_costs",
        "order_flow": "liquidity.books",
        "procyclicality": "margin_backtest",
        "ranking": "contagion",
        "resiliency": "liquidity.estimators",
        "returns_of": "stylised_facts",
        "risk_premium": "liquidity.premia",
        "roll_spread": "liquidity.estimators",
        "run_metrics": "metrics",
        "seed_bootstrap": "inference.resampling",
        "seeds_needed": "inference.planning",
        "summarise": "summary",
        "tenor_backtest": "clearing_house",
        "verdict": "inference.planning",
        "volume_buckets": "liquidity.flow_toxicity",
        "vpin": "liquidity.flow_toxicity",
        "trade_costs": "liquidity.trading_costs",
        "worst_moment": "clearing_house",
        "write_compare_report": "comparison.page",
        "write_hedge_report": "hedge_page",
        "write_report": "report",
    },
)

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
    from .hedge_page import write_hedge_report
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
    "Fact",
    "PriceImpact",
    "Returns",
    "Run",
    "SummaryRow",
    "account_coverage",
    "aggressor_signs",
    "backtest_table",
    "calls_by_cause",
    "cascade",
    "christoffersen_test",
    "conditional_coverage_test",
    "contagion_graph",
    "cover_two_by_day",
    "facts_over_runs",
    "failure_ranking",
    "kupiec_bounds",
    "kupiec_test",
    "kyle_lambda",
    "largest_exposures",
    "layers_paid",
    "load",
    "margin_terms",
    "messages_per_cpu_second",
    "procyclicality",
    "ranking",
    "returns_of",
    "run_metrics",
    "summarise",
    "tenor_backtest",
    "worst_moment",
    "write_hedge_report",
    "write_report",
]

offer(
    __name__,
    {
        "CAUSES": "call_causes",
        "Cascade": "contagion",
        "Fact": "stylised_facts",
        "PriceImpact": "price_impact",
        "Returns": "stylised_facts",
        "Run": "runs",
        "SummaryRow": "summary",
        "account_coverage": "clearing_house",
        "aggressor_signs": "stylised_facts",
        "backtest_table": "margin_backtest",
        "calls_by_cause": "call_causes",
        "cascade": "contagion",
        "christoffersen_test": "margin_backtest",
        "conditional_coverage_test": "margin_backtest",
        "contagion_graph": "contagion",
        "cover_two_by_day": "clearing_house",
        "facts_over_runs": "stylised_facts",
        "failure_ranking": "clearing_house",
        "kupiec_bounds": "margin_backtest",
        "kupiec_test": "margin_backtest",
        "kyle_lambda": "price_impact",
        "largest_exposures": "clearing_house",
        "layers_paid": "clearing_house",
        "load": "runs",
        "margin_terms": "clearing_house",
        "messages_per_cpu_second": "metrics",
        "procyclicality": "margin_backtest",
        "ranking": "contagion",
        "returns_of": "stylised_facts",
        "run_metrics": "metrics",
        "summarise": "summary",
        "tenor_backtest": "clearing_house",
        "worst_moment": "clearing_house",
        "write_hedge_report": "hedge_page",
        "write_report": "report",
    },
)

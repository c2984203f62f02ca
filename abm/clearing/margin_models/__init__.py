"""Initial-margin models behind one interface, add-ons and anti-procyclicality tools, and their back-test."""

from abm.clearing.margin_models.backtest import (
    ACCOUNT_BACKTEST_DTYPE,
    CONTRACT_BACKTEST_DTYPE,
    MarginBacktest,
)
from abm.clearing.margin_models.concentration import Concentration
from abm.clearing.margin_models.ewma import EwmaMargin
from abm.clearing.margin_models.filtered_historical import FilteredHistoricalMargin
from abm.clearing.margin_models.flat import FlatMargin, calibrated_buckets
from abm.clearing.margin_models.interface import MarginBasis, MarginDay, MarginModel
from abm.clearing.margin_models.moves import TenorMoves
from abm.clearing.margin_models.procyclicality import Buffer, Floor, StressedWeight
from abm.clearing.margin_models.registry import (
    margin_model,
    margin_model_keywords,
    margin_model_names,
    most_volatile_days,
    register_margin_model,
    wrap_margin_model,
)
from abm.clearing.margin_models.requirement import gross_usd_micro, round_up_usd_micro
from abm.clearing.margin_models.scan import ScanMargin

__all__ = [
    "ACCOUNT_BACKTEST_DTYPE",
    "CONTRACT_BACKTEST_DTYPE",
    "Buffer",
    "Concentration",
    "EwmaMargin",
    "FilteredHistoricalMargin",
    "FlatMargin",
    "Floor",
    "MarginBacktest",
    "MarginBasis",
    "MarginDay",
    "MarginModel",
    "ScanMargin",
    "StressedWeight",
    "TenorMoves",
    "calibrated_buckets",
    "gross_usd_micro",
    "margin_model",
    "margin_model_keywords",
    "margin_model_names",
    "most_volatile_days",
    "register_margin_model",
    "round_up_usd_micro",
    "wrap_margin_model",
]

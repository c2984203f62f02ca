"""Central counterparty: ledger, novation, variation margin, margin calls, default management, fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.clearing.books.ledger import POSTING_DTYPE, ChartOfAccounts, Ledger, PostingKind
    from abm.clearing.calls.call_causes import CallCauses
    from abm.clearing.calls.credit_lines import EndedLine
    from abm.clearing.calls.margin_calls import MarginCall
    from abm.clearing.capital.terms import CapitalTerms
    from abm.clearing.defaults.close_out import NO_ACCOUNT
    from abm.clearing.defaults.deadlines import DefaultEvent
    from abm.clearing.defaults.reductions import ReductionNotice
    from abm.clearing.defaults.waterfall import NO_MEMBER, LossLayers, MemberDefault, WaterfallResult
    from abm.clearing.exposure import HOUSE
    from abm.clearing.fund.guaranty_fund import CoverTwo, FundSizing
    from abm.clearing.house import ClearingHouse
    from abm.clearing.margin_models.backtest import MarginBacktest
    from abm.clearing.margin_models.concentration import Concentration
    from abm.clearing.margin_models.ewma import EwmaMargin
    from abm.clearing.margin_models.filtered_historical import FilteredHistoricalMargin
    from abm.clearing.margin_models.flat import FlatMargin
    from abm.clearing.margin_models.interface import MarginBasis, MarginDay, MarginModel
    from abm.clearing.margin_models.moves import TenorMoves
    from abm.clearing.margin_models.procyclicality import Buffer, Floor, StressedWeight
    from abm.clearing.margin_models.registry import (
        margin_model,
        margin_model_names,
        register_margin_model,
        wrap_margin_model,
    )
    from abm.clearing.margin_models.requirement import gross_usd_micro, round_up_usd_micro
    from abm.clearing.margin_models.scan import ScanMargin
    from abm.clearing.terms import AccountTerms, ClearingRules, CloseOutMethod, MemberTerms

__all__ = [
    "HOUSE",
    "NO_ACCOUNT",
    "NO_MEMBER",
    "POSTING_DTYPE",
    "AccountTerms",
    "Buffer",
    "CallCauses",
    "CapitalTerms",
    "ChartOfAccounts",
    "ClearingHouse",
    "ClearingRules",
    "CloseOutMethod",
    "Concentration",
    "CoverTwo",
    "DefaultEvent",
    "EndedLine",
    "EwmaMargin",
    "FilteredHistoricalMargin",
    "FlatMargin",
    "Floor",
    "FundSizing",
    "Ledger",
    "LossLayers",
    "MarginBacktest",
    "MarginBasis",
    "MarginCall",
    "MarginDay",
    "MarginModel",
    "MemberDefault",
    "MemberTerms",
    "PostingKind",
    "ReductionNotice",
    "ScanMargin",
    "StressedWeight",
    "TenorMoves",
    "WaterfallResult",
    "gross_usd_micro",
    "margin_model",
    "margin_model_names",
    "register_margin_model",
    "round_up_usd_micro",
    "wrap_margin_model",
]

offer(
    __name__,
    {
        "HOUSE": "exposure",
        "NO_ACCOUNT": "defaults.close_out",
        "NO_MEMBER": "defaults.waterfall",
        "POSTING_DTYPE": "books.ledger",
        "AccountTerms": "terms",
        "Buffer": "margin_models.procyclicality",
        "CallCauses": "calls.call_causes",
        "CapitalTerms": "capital.terms",
        "ChartOfAccounts": "books.ledger",
        "ClearingHouse": "house",
        "ClearingRules": "terms",
        "CloseOutMethod": "terms",
        "Concentration": "margin_models.concentration",
        "CoverTwo": "fund.guaranty_fund",
        "DefaultEvent": "defaults.deadlines",
        "EndedLine": "calls.credit_lines",
        "EwmaMargin": "margin_models.ewma",
        "FilteredHistoricalMargin": "margin_models.filtered_historical",
        "FlatMargin": "margin_models.flat",
        "Floor": "margin_models.procyclicality",
        "FundSizing": "fund.guaranty_fund",
        "Ledger": "books.ledger",
        "LossLayers": "defaults.waterfall",
        "MarginBacktest": "margin_models.backtest",
        "MarginBasis": "margin_models.interface",
        "MarginCall": "calls.margin_calls",
        "MarginDay": "margin_models.interface",
        "MarginModel": "margin_models.interface",
        "MemberDefault": "defaults.waterfall",
        "MemberTerms": "terms",
        "PostingKind": "books.ledger",
        "ReductionNotice": "defaults.reductions",
        "ScanMargin": "margin_models.scan",
        "StressedWeight": "margin_models.procyclicality",
        "TenorMoves": "margin_models.moves",
        "WaterfallResult": "defaults.waterfall",
        "gross_usd_micro": "margin_models.requirement",
        "margin_model": "margin_models.registry",
        "margin_model_names": "margin_models.registry",
        "register_margin_model": "margin_models.registry",
        "round_up_usd_micro": "margin_models.requirement",
        "wrap_margin_model": "margin_models.registry",
    },
)

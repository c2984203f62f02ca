"""Central counterparty: ledger, novation, variation margin, margin calls, default management, fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.clearing.call_causes import CallCauses
    from abm.clearing.close_out import NO_ACCOUNT, DefaultEvent, ReductionNotice
    from abm.clearing.exposure import HOUSE
    from abm.clearing.funding import MarginCall
    from abm.clearing.guaranty_fund import CoverTwo, FundSizing
    from abm.clearing.house import ClearingHouse
    from abm.clearing.ledger import POSTING_DTYPE, ChartOfAccounts, Ledger, PostingKind
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
    from abm.clearing.waterfall import NO_MEMBER, LossLayers, MemberDefault, WaterfallResult

__all__ = [
    "HOUSE",
    "NO_ACCOUNT",
    "NO_MEMBER",
    "POSTING_DTYPE",
    "AccountTerms",
    "Buffer",
    "CallCauses",
    "ChartOfAccounts",
    "ClearingHouse",
    "ClearingRules",
    "CloseOutMethod",
    "Concentration",
    "CoverTwo",
    "DefaultEvent",
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
        "NO_ACCOUNT": "close_out",
        "NO_MEMBER": "waterfall",
        "POSTING_DTYPE": "ledger",
        "AccountTerms": "terms",
        "Buffer": "margin_models.procyclicality",
        "CallCauses": "call_causes",
        "ChartOfAccounts": "ledger",
        "ClearingHouse": "house",
        "ClearingRules": "terms",
        "CloseOutMethod": "terms",
        "Concentration": "margin_models.concentration",
        "CoverTwo": "guaranty_fund",
        "DefaultEvent": "close_out",
        "EwmaMargin": "margin_models.ewma",
        "FilteredHistoricalMargin": "margin_models.filtered_historical",
        "FlatMargin": "margin_models.flat",
        "Floor": "margin_models.procyclicality",
        "FundSizing": "guaranty_fund",
        "Ledger": "ledger",
        "LossLayers": "waterfall",
        "MarginBacktest": "margin_models.backtest",
        "MarginBasis": "margin_models.interface",
        "MarginCall": "funding",
        "MarginDay": "margin_models.interface",
        "MarginModel": "margin_models.interface",
        "MemberDefault": "waterfall",
        "MemberTerms": "terms",
        "PostingKind": "ledger",
        "ReductionNotice": "close_out",
        "ScanMargin": "margin_models.scan",
        "StressedWeight": "margin_models.procyclicality",
        "TenorMoves": "margin_models.moves",
        "WaterfallResult": "waterfall",
        "gross_usd_micro": "margin_models.requirement",
        "margin_model": "margin_models.registry",
        "margin_model_names": "margin_models.registry",
        "register_margin_model": "margin_models.registry",
        "round_up_usd_micro": "margin_models.requirement",
        "wrap_margin_model": "margin_models.registry",
    },
)

"""Central counterparty: ledger, novation, variation margin, margin calls, default management, fees."""

from abm.clearing.close_out import DefaultEvent
from abm.clearing.funding import MarginCall
from abm.clearing.house import ClearingHouse
from abm.clearing.ledger import POSTING_DTYPE, ChartOfAccounts, Ledger, PostingKind
from abm.clearing.margin import FlatMargin, MarginModel
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.clearing.waterfall import NO_MEMBER, LossLayers, WaterfallResult

__all__ = [
    "NO_MEMBER",
    "POSTING_DTYPE",
    "AccountTerms",
    "ChartOfAccounts",
    "ClearingHouse",
    "ClearingRules",
    "DefaultEvent",
    "FlatMargin",
    "Ledger",
    "LossLayers",
    "MarginCall",
    "MarginModel",
    "MemberTerms",
    "PostingKind",
    "WaterfallResult",
]

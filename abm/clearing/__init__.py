"""Central counterparty: ledger, novation, variation margin, margin calls, default management, fees."""

from abm.clearing.call_causes import CallCauses
from abm.clearing.close_out import NO_ACCOUNT, DefaultEvent, ReductionNotice
from abm.clearing.exposure import HOUSE
from abm.clearing.funding import MarginCall
from abm.clearing.guaranty_fund import CoverTwo, FundSizing
from abm.clearing.house import ClearingHouse
from abm.clearing.ledger import POSTING_DTYPE, ChartOfAccounts, Ledger, PostingKind
from abm.clearing.margin_models import FlatMargin, MarginBacktest, MarginDay, MarginModel
from abm.clearing.terms import AccountTerms, ClearingRules, CloseOutMethod, MemberTerms
from abm.clearing.waterfall import NO_MEMBER, LossLayers, MemberDefault, WaterfallResult

__all__ = [
    "HOUSE",
    "NO_ACCOUNT",
    "NO_MEMBER",
    "POSTING_DTYPE",
    "AccountTerms",
    "CallCauses",
    "ChartOfAccounts",
    "ClearingHouse",
    "ClearingRules",
    "CloseOutMethod",
    "CoverTwo",
    "DefaultEvent",
    "FlatMargin",
    "FundSizing",
    "Ledger",
    "LossLayers",
    "MarginBacktest",
    "MarginCall",
    "MarginDay",
    "MarginModel",
    "MemberDefault",
    "MemberTerms",
    "PostingKind",
    "ReductionNotice",
    "WaterfallResult",
]

"""The exchange: order books of all listed months, matched with a margin check, and settlement prices."""

from abm.exchange.compiled import CompiledExchange
from abm.exchange.interface import Exchange, MatchResult, TopOfBook
from abm.exchange.reference_book import ReferenceExchange
from abm.exchange.settlement import SettlementTier, daily_settlement, final_settlement_ticks

__all__ = [
    "CompiledExchange",
    "Exchange",
    "MatchResult",
    "ReferenceExchange",
    "SettlementTier",
    "TopOfBook",
    "daily_settlement",
    "final_settlement_ticks",
]

"""The exchange: order books of months and calendar spreads, pre-trade checks, settlement prices."""

from abm.exchange.compiled import CompiledExchange
from abm.exchange.interface import (
    FIFO_BOOKS,
    BookRules,
    Exchange,
    MatchResult,
    OwnQuotes,
    SpreadTop,
    TopOfBook,
    TradingDay,
)
from abm.exchange.reference_exchange import ReferenceExchange
from abm.exchange.settlement import SettlementTier, daily_settlement, final_settlement_ticks

__all__ = [
    "FIFO_BOOKS",
    "BookRules",
    "CompiledExchange",
    "Exchange",
    "MatchResult",
    "OwnQuotes",
    "ReferenceExchange",
    "SettlementTier",
    "SpreadTop",
    "TopOfBook",
    "TradingDay",
    "daily_settlement",
    "final_settlement_ticks",
]

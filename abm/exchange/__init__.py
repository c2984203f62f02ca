"""The exchange: order books of months and calendar spreads, pre-trade checks, settlement prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.exchange.compiled.engine import CompiledExchange
    from abm.exchange.day_terms import TradingDay
    from abm.exchange.interface import Exchange
    from abm.exchange.reference.engine import ReferenceExchange
    from abm.exchange.results import FIFO_BOOKS, BookRules, MatchResult, OwnQuotes, SpreadTop, TopOfBook
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

offer(
    __name__,
    {
        "FIFO_BOOKS": "results",
        "BookRules": "results",
        "CompiledExchange": "compiled.engine",
        "Exchange": "interface",
        "MatchResult": "results",
        "OwnQuotes": "results",
        "ReferenceExchange": "reference.engine",
        "SettlementTier": "settlement",
        "SpreadTop": "results",
        "TopOfBook": "results",
        "TradingDay": "day_terms",
        "daily_settlement": "settlement",
        "final_settlement_ticks": "settlement",
    },
)

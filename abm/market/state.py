"""Everything a market remembers: what its desks, a rule of the venue and a hash of it read and write."""

from __future__ import annotations

from dataclasses import dataclass

from abm.agents.base.outbox import Outbox
from abm.market.day.departures import Departures
from abm.market.day.hedge_accounts import HedgeAccounts
from abm.market.day.market_data import MarketDataFeed
from abm.market.day.observation import TradingDayRecord
from abm.market.parts import MarketParts
from abm.market.round_record import RoundRecord
from abm.market.tables.tables import MarketTables
from abm.market.venue.phase_times import Sessions
from abm.market.venue.rule_generators import RuleGenerators


@dataclass
class MarketState(MarketParts):
    """The parts of a market and what its days add to them; it has no behaviour of its own.

    Attributes
    ----------
    outbox : Outbox
        Messages of the round.
    feed : MarketDataFeed
        What traders see of books and trades.
    sessions : Sessions
        Trading phases and when they end.
    departures : Departures
        Who has left.
    tables : MarketTables
        Writes the run's tables.
    hedge_accounts : HedgeAccounts
        Books of all who hedge a need.
    rule_generator : RuleGenerators
        ``rule_generator(name)`` gives the random generator of a rule.
    today : TradingDayRecord
        Trading of the day so far.
    last_round : RoundRecord or None
        The round that has been matched last.
    margin_calls_made, trades_made : int
        Counts since day 0; in a warm-up, since it began.
    warm_up_defaults : int
        Accounts that were in default as day 0 opened.
    """

    outbox: Outbox
    feed: MarketDataFeed
    sessions: Sessions
    departures: Departures
    tables: MarketTables
    hedge_accounts: HedgeAccounts
    rule_generator: RuleGenerators
    today: TradingDayRecord
    last_round: RoundRecord | None = None
    margin_calls_made: int = 0
    trades_made: int = 0
    warm_up_defaults: int = 0

"""Where the fields of ``exchange`` arrive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from field_table import Group, Row
from probes import rule, traders, two_days

from abm.core.orders import MatchingRule, SelfMatch
from abm.exchange.interface import UNLIMITED_LOTS
from abm.market.venue.auctions import ClosingAuction, OpeningAuction
from abm.market.venue.fee_tiers import FeeTiers
from abm.market.venue.halts import LimitHalts, VolatilityInterruptions


def _terms(name):
    """Look at a term of the day in the month that is priced at 500 ticks or nearest to it."""
    return lambda m: m.curve.day_terms(0)[name]


def _shares(share):
    """Return a share of each month's price in ticks, as the whole number nearest to it."""
    return lambda m: np.rint(share * m.curve.settlement_by_slot()).astype(np.int64)


def _gap(name, share):
    """Look how far a term is from a share of price."""
    return lambda m: _terms(name)(m) - _shares(share)(m)


def _width(market, tenor):
    rows = market.curve.months[tenor]
    assert rows["high_ticks"] - rows["settlement_ticks"] == rows["settlement_ticks"] - rows["low_ticks"]
    return int(rows["high_ticks"] - rows["settlement_ticks"])


def _floor_gap(tenor, share):
    return lambda m: _width(m, tenor) - int(np.floor(share * m.curve.settlement_ticks[tenor]))


def _closing_rounds(market):
    rounds = range(market.clock.calendar.rounds_per_day)
    return [number for number in rounds if replace(market.clock, round=number).in_closing_window]


def _final_day_gap(market, share):
    """Run a month of two days; say how far the second day's range is from a share of the settlement."""
    daily = two_days(market).table("daily")
    front = daily[daily["tenor"] == 0].set_index("day")
    settled = int(front["settlement_ticks"][0])
    assert front["limit_high_ticks"][1] - settled == settled - front["limit_low_ticks"][1]
    return int(front["limit_high_ticks"][1] - settled - np.floor(share * settled))


def _fee(name, class_name):
    def fee(market):
        schedule = market.clearing.parts.books.charges.schedule
        return getattr(schedule, f"{name}_fee_usd_micro")[traders(market, class_name).accounts]

    return fee


LIMITS = Group(
    "price limits",
    [
        Row("exchange.daily_limit", 0.07, (_floor_gap(0, 0.07), 0), (_floor_gap(3, 0.07), 0)),
        Row("exchange.price_band", 0.045, (_gap("band_ticks", 0.045), 0)),
        Row("exchange.market_protection", 0.033, (_gap("protection_ticks", 0.033), 0)),
        Row("exchange.interruption.width", 0.055, (_gap("interruption_ticks", 0.055), 0)),
        Row(
            "exchange.interruption.duration_days", 0.26,
            (lambda m: rule(m, VolatilityInterruptions).rounds, 5),
        ),
        Row(
            "exchange.closing_window", 0.25,
            (_closing_rounds, [15, 16, 17, 18, 19]),
        ),
        Row("exchange.max_order_lots", 765, (lambda m: m.exchange.max_order_lots, 765)),
        Row(
            "exchange.sessions.opening_auction", 0.31,
            (lambda m: rule(m, OpeningAuction).rounds, 6),
            (lambda m: rule(m, LimitHalts).reopening_rounds, 6),
        ),
        Row("exchange.sessions.closing_auction", 0.21, (lambda m: rule(m, ClosingAuction).rounds, 4)),
        Row("exchange.halts.expanded_limits", (0.11, 0.19),
            (lambda m: rule(m, LimitHalts).widths, (0.11, 0.19))),
        Row("exchange.halts.duration_days", 0.36, (lambda m: rule(m, LimitHalts).rounds, 7)),
        Row("exchange.halts.scope", "all_months", (lambda m: rule(m, LimitHalts).scope, "all_months")),
        Row("exchange.market_data.depth_levels", 4, (lambda m: m.feed._depth_levels, 4)),
        Row("exchange.market_data.trades_shown", 13, (lambda m: m.feed._trades_shown, 13)),
        Row("exchange.market_data.delay_days", 0.41, (lambda m: m.feed._delay_rounds, 8)),
    ],
)  # fmt: skip

FINAL_DAY = Group(
    "the final day",
    [
        Row("exchange.final_day_band", 0.23, (lambda m: _final_day_gap(m, 0.23), 0)),
        Row(
            "exchange.halts.reopening_auction", False,
            (lambda m: rule(m, LimitHalts).reopening_rounds, 0),
        ),
        Row("exchange.halts.scope", "lead_month", (lambda m: rule(m, LimitHalts).scope, "lead_month")),
    ],
    given={"calendar.days_per_month": 2},
)  # fmt: skip

FEES = Group(
    "fees",
    [
        Row("exchange.maker_fee_usd", 0.21, (_fee("maker", "noise"), 210_000),
            (lambda m: m.maker_regime.terms.fee_without_status_usd_micro, 210_000)),
        Row("exchange.taker_fee_usd", 0.52, (_fee("taker", "noise"), 520_000),
            (_fee("taker", "dmm"), 520_000),
            # An incoming order's fee in ticks, for those who weigh it.
            (lambda m: traders(m, "arbitrageur").fee_ticks, 0.26),
            (lambda m: traders(m, "informed").fee_ticks, 0.26 + 0.18)),
        Row("exchange.dmm_maker_fee_usd", -0.06, (_fee("maker", "dmm"), -60_000),
            (lambda m: m.maker_regime.terms.fee_usd_micro, -60_000),
            (lambda m: traders(m, "dmm").duties.maker_fee_usd, -0.06)),
        Row("exchange.auction_fee_usd", 0.36, (_fee("auction", "noise"), 360_000),
            (lambda m: traders(m, "informed").fee_ticks, 0.26 + 0.18)),
        Row("exchange.fee_tiers[].from_lots", 55, (lambda m: rule(m, FeeTiers).tiers[0].from_lots, 55)),
        Row("exchange.fee_tiers[].maker_fee_usd", 0.03,
            (lambda m: rule(m, FeeTiers).tiers[0].maker_fee_usd_micro, 30_000)),
        Row("exchange.fee_tiers[].taker_fee_usd", 0.27,
            (lambda m: rule(m, FeeTiers).tiers[0].taker_fee_usd_micro, 270_000)),
    ],
    given={"agents.arbitrageurs.count": 2, "agents.informed.count": 2, "agents.informed.rule": "auction"},
    alongside={"exchange.fee_tiers": [{"from_lots": 99, "maker_fee_usd": 0.01, "taker_fee_usd": 0.2}]},
)  # fmt: skip

BOOKS = Group(
    "order books",
    [
        Row("exchange.engine", "reference", (lambda m: type(m.exchange).__name__, "ReferenceExchange")),
        Row("exchange.matching", "pro_rata", (lambda m: m.exchange.rules.matching, MatchingRule.PRO_RATA)),
        Row("exchange.top_order", False, (lambda m: m.exchange.rules.top_order, False)),
        Row("exchange.pro_rata_min_lots", 4, (lambda m: m.exchange.rules.pro_rata_min_lots, 4)),
        Row("exchange.self_match", "cancel_both", (lambda m: m.outbox.self_match, SelfMatch.CANCEL_BOTH)),
        Row("exchange.spreads.lengths", (1, 3), (lambda m: m.exchange.rules.spread_lengths, (1, 3))),
        Row("exchange.spreads.implied_in", True, (lambda m: m.exchange.rules.implied_in, True)),
    ],
)  # fmt: skip

SPREAD_BOOKS = Group(
    "spread books",
    [
        Row("exchange.spreads.matching", "pro_rata",
            (lambda m: m.exchange.rules.spread_matching, MatchingRule.PRO_RATA)),
        Row("exchange.self_match", "cancel_aggressor",
            (lambda m: m.outbox.self_match, SelfMatch.CANCEL_AGGRESSOR)),
    ],
    given={"exchange.spreads.lengths": (2,)},
)  # fmt: skip

WORDS = ("noise", "fundamentalists", "chartists", "market_makers", "holders", "arbitrageurs", "informed",
         "mixture", "switching", "order_flow")  # fmt: skip
EXEMPT = ("enterprises", *WORDS)


def _exempt(market):
    """Say which classes are exempt, by the scenario's words, in the order of accounts."""
    flags = market.position_limits.exempt
    classes = [population for population in market.populations if population.count]
    return [population.name for population in classes if flags[population.accounts].all()]


POSITION_LIMITS = Group(
    "position limits",
    [
        Row("exchange.position_limits.month_lots", 444,
            (lambda m: m.position_limits.by_slot(5, 2), [444, 444, 333, 444, 444])),
        Row("exchange.position_limits.front_month_lots", 333,
            (lambda m: m.position_limits.by_slot(5, 0)[0], np.int64(333))),
        Row("exchange.position_limits.exempt", EXEMPT,
            (_exempt, ["enterprise", "noise", "fundamentalist", "chartist", "dmm", "holder", "arbitrageur",
                       "informed", "mixture", "switching", "poisson_flow"])),
    ],
    given={f"agents.{name}.count": 3 for name in ("arbitrageurs", "informed", "mixture", "switching")} | {
        "agents.order_flow.tenors": (1,),
        "agents.holders": [{"name": "both", "lots": (0, 0), "cash_usd": 1_000.0}],
    },
)  # fmt: skip

WIDER_IN_FRONT = Group(
    "a limit in any month below the one of the front month",
    [Row("exchange.position_limits.month_lots", 55, (lambda m: m.position_limits.by_slot(5, 1), [55] * 5))],
    given={"exchange.position_limits.front_month_lots": 88},
)  # fmt: skip

FRONT_LIMIT_ALONE = Group(
    "a limit in the front month alone",
    [
        Row("exchange.position_limits.front_month_lots", 77,
            (lambda m: m.position_limits.by_slot(5, 1), [UNLIMITED_LOTS, 77, *[UNLIMITED_LOTS] * 3])),
    ],
)  # fmt: skip


GROUPS = [
    LIMITS,
    FINAL_DAY,
    FEES,
    BOOKS,
    SPREAD_BOOKS,
    POSITION_LIMITS,
    WIDER_IN_FRONT,
    FRONT_LIMIT_ALONE,
]

"""Where the fields of ``clearing`` arrive."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from field_table import BASE, Group, Row
from probes import terms, traders, two_days

from abm.clearing.fund.stress import historical_moves
from abm.clearing.margin_models import FlatMargin, register_margin_model

FEW = ("enterprises", "providers", "noise", "fundamentalists", "chartists")
register_margin_model("of_the_field_table", lambda basis: FlatMargin(basis, buckets=[(4, 2_222)]))


def _rules(name):
    return lambda m: getattr(m.clearing.rules, name)


def traders_before_members():
    """Return how many traders have accounts before the members' own: those of the usual classes."""
    return sum(BASE[f"agents.{name}.count"] for name in FEW) + 4


def _collateral_share(market):
    accounts = traders(market, "noise").accounts
    return market.clearing.collateral_usd_micro[accounts] / market.equity_usd_micro[accounts]


def _stress_shares(market):
    """Look at the stress moves as shares of the settlement prices, in per cent."""
    moves = market.risk_desk.stress_ticks()[:2] / market.curve.settlement_by_slot()
    return sorted({round(100.0 * float(share)) for share in moves.ravel()})


def _worst_of_history(market, days):
    """Say whether the stress scenarios end with the worst so many days of the history."""
    prices, tenors = market.curve.settlement_by_slot(), np.arange(5)
    worst = historical_moves(prices, tenors, market.risk_desk._history, period_days=days)
    return bool((market.risk_desk.stress_ticks()[2:] == worst).all())


def _fund_of_two_days(market):
    """Run a market whose months are two days long, and look at the fund as it was sized at the close."""
    return two_days(market).table("guaranty_fund")


RULES = Group(
    "rules of the clearing house",
    [
        Row("clearing.members", 7,
            (lambda m: len(m.clearing.member_capital_usd_micro), 7),
            (lambda m: int(m.clearing.member_of.max()), 6),
            # Members take turns over the accounts.
            (lambda m: m.clearing.member_of[:9], np.array([0, 1, 2, 3, 4, 5, 6, 0, 1]))),
        Row("clearing.member_capital_usd", 21e6,
            (lambda m: m.clearing.member_capital_usd_micro, 21_000_000_000_000)),
        Row("clearing.fund_contribution_usd", 4e6,
            (lambda m: m.clearing.member_fund_usd_micro, 4_000_000_000_000),
            (lambda m: m.clearing.required_fund_usd_micro, 4_000_000_000_000)),
        Row("clearing.skin_in_the_game_usd", 6e6,
            (_rules("skin_in_the_game_usd_micro"), 6_000_000_000_000),
            (lambda m: m.clearing.skin_in_the_game_usd_micro, 6_000_000_000_000)),
        Row("clearing.call_deadline_days", 0.45, (_rules("call_deadline_rounds"), 9)),
        Row("clearing.intraday_cycles", 3, (lambda m: _cycles(m), [4, 9, 14])),
        Row("clearing.close_out_days", 2.5, (_rules("close_out_slice_share"), 0.02)),
        Row("clearing.close_out_protection", 0.035, (_rules("close_out_protection"), 0.035)),
        Row("clearing.close_out_method", "auction", (_rules("close_out_method"), "auction")),
        Row("clearing.close_out_participation", 0.6, (_rules("close_out_participation"), 0.6)),
        Row("clearing.auction_discount", 0.28, (_rules("auction_discount_bps"), 2_800)),
        Row("clearing.member_account_usd", 3e6,
            (lambda m: m.equity_usd_micro[traders(m, "member").accounts], 3_000_000_000_000),
            (lambda m: m.clearing.member_of[traders(m, "member").accounts], np.arange(7)),
            (lambda m: np.flatnonzero(~m.clearing.parts.books.register.is_client),
             np.arange(traders_before_members(), traders_before_members() + 7))),
        Row("clearing.member_ratio", 1.02, (_rules("member_ratio_bps"), 10_200)),
        Row("clearing.ad_hoc_call_loss_share", 0.62, (_rules("ad_hoc_call_loss_share_bps"), 6_200)),
        Row("clearing.reduction_grace_days", 0.55, (_rules("reduction_grace_rounds"), 11)),
        Row("clearing.collateral_rate", 0.031, (_rules("collateral_rate_per_year_bps"), 310)),
        Row("clearing.excess_buffer", 0.22, (_rules("excess_buffer_bps"), 2_200)),
        Row("clearing.fund.stress_move", 0.34, (_stress_shares, [-34, 34])),
        Row("clearing.fund.stress_history_days", 12, (lambda m: _worst_of_history(m, 12), True)),
        Row("clearing.fund.floor_usd", 0.7e6, (_rules("fund_floor_usd_micro"), 700_000_000_000)),
        Row("clearing.recovery.assessment_multiple", 2.6, (_rules("assessment_bps"), 26_000)),
        Row("clearing.recovery.variation_haircut", 0.9, (_rules("variation_haircut_bps"), 9_000)),
        Row("clearing.recovery.tear_up", True, (_rules("tear_up"), True)),
        Row("clearing.recovery.replenish_days", 1.75, (_rules("replenish_rounds"), 35)),
        Row("clearing.treasury.reserve_share", 0.12,
            (lambda m: terms(m).cash_reserve_usd_micro[traders(m, "noise").accounts],
             48_000_000_000)),
        Row("clearing.treasury.credit_first", True, (lambda m: terms(m).credit_first.all(), True)),
        Row("agents.initial_collateral_share", 0.24, (_collateral_share, 0.24)),
        Row("agents.credit_rate", 0.087, (lambda m: terms(m).credit_rate_per_year_bps, 870)),
        Row("agents.credit_commitment_fee", 0.0043,
            (lambda m: terms(m).commitment_fee_per_year_bps, 43)),
        Row("agents.credit_end_share", 0.35, (lambda m: terms(m).credit_end_share_bps, 3_500)),
    ],
)  # fmt: skip


def _cycles(market):
    clock = type(market.clock)(
        market.clock.calendar, market.clock.intraday_cycles, market.clock.closing_window
    )
    rounds = []
    for number in range(clock.calendar.rounds_per_day):
        clock.round = number
        rounds += [number] if clock.is_margin_cycle else []
    return rounds


FUND = Group(
    "sizing of the guaranty fund",
    [
        Row("clearing.fund.sizing", "cover_2", (lambda m: _fund_of_two_days(m)["day"].tolist(), [1] * 6)),
        # Hardly a position is open on the first day, so that the least contribution holds.
        Row("clearing.fund.floor_usd", 0.8e6,
            (lambda m: sorted(set(_fund_of_two_days(m)["required_usd_micro"])), [800_000_000_000])),
    ],
    given={"calendar.days_per_month": 2},
)  # fmt: skip


def _model(market, depth=0):
    """Return the margin model, or one inside it."""
    model = market.clearing.parts.requirements.model
    for _ in range(depth):
        model = model._model
    return model


def _rates_bps(market):
    """Look at the margin of a lot as basis points of its notional, by slot."""
    value = market.curve.settlement_by_slot() * market.contract.tick_value_usd_micro
    return np.floor(market.clearing.margin_per_lot_usd_micro * 10_000 / value).astype(np.int64)


FLAT = Group(
    "flat margin",
    [
        Row("clearing.margin.rate", 0.13, (_rates_bps, [1_300, 1_300, 1_300, 900, 900])),
        Row("clearing.margin.far_rate", 0.09, (_rates_bps, [1_300, 1_300, 1_300, 900, 900])),
        Row("clearing.margin.far_from_tenor", 3, (_rates_bps, [1_300, 1_300, 1_300, 900, 900])),
        Row("clearing.margin.client_ratio", 1.15, (_rules("client_ratio_bps"), 11_500)),
        Row("clearing.margin.floor_price_usd", 0.6, (lambda m: _model(m)._basis.floor_price_ticks, 150)),
        Row("clearing.margin.mpor_days", 4, (lambda m: m.risk_desk._backtest._mpor_days, 4)),
        Row("clearing.margin.history_days", 500, (lambda m: m.risk_desk._history.shape, (500, 5)),
            (lambda m: _model(m)._basis.history.shape, (500, 5))),
    ],
)  # fmt: skip

REGISTERED = Group(
    "a registered margin model",
    [Row("clearing.margin.registered", "of_the_field_table", (_rates_bps, [2_222] * 5))],
)

EWMA = Group(
    "margin on volatility",
    [
        Row("clearing.margin.model", "ewma", (lambda m: type(_model(m, 2)).__name__, "EwmaMargin")),
        Row("clearing.margin.confidence", 0.985,
            (lambda m: _model(m, 2)._quantile, NormalDist().inv_cdf(0.985) * math.sqrt(3.0))),
        Row("clearing.margin.mpor_days", 3,
            (lambda m: _model(m, 2)._quantile, NormalDist().inv_cdf(0.985) * math.sqrt(3.0)),
            (lambda m: _model(m)._liquid_days, 0.31 * 3.0)),
        Row("clearing.margin.decay", 0.955, (lambda m: _model(m, 2)._estimate._decay, 0.955)),
        Row("clearing.margin.procyclicality", "buffer", (lambda m: type(_model(m, 1)).__name__, "Buffer")),
        Row("clearing.margin.buffer_share", 0.27, (lambda m: _model(m, 1)._buffer_bps, 2_700)),
        Row("clearing.margin.concentration_share", 0.31, (lambda m: _model(m)._liquid_days, 0.31 * 3.0)),
        Row("clearing.margin.history_days", 600,
            (lambda m: len(_model(m, 2)._basis.history), 600)),
    ],
)  # fmt: skip

FILTERED = Group(
    "filtered historical margin",
    [
        Row("clearing.margin.model", "filtered_historical",
            (lambda m: type(_model(m, 1)).__name__, "FilteredHistoricalMargin")),
        Row("clearing.margin.lookback_days", 250, (lambda m: _model(m, 1)._standardised.shape, (5, 250))),
        Row("clearing.margin.confidence", 0.975, (lambda m: _model(m, 1)._confidence, 0.975),
            (lambda m: _model(m)._stressed._quantile, NormalDist().inv_cdf(0.975) * math.sqrt(5.0))),
        Row("clearing.margin.mpor_days", 5, (lambda m: _model(m, 1)._period_scale, math.sqrt(5.0)),
            (lambda m: _model(m)._stressed._quantile, NormalDist().inv_cdf(0.975) * math.sqrt(5.0))),
        Row("clearing.margin.decay", 0.945, (lambda m: _model(m, 1)._estimate._decay, 0.945)),
        Row("clearing.margin.procyclicality", "stressed_weight",
            (lambda m: type(_model(m)).__name__, "StressedWeight")),
        Row("clearing.margin.stressed_weight", 0.29, (lambda m: _model(m)._weights, (7_100, 2_900))),
    ],
)  # fmt: skip

SCAN = Group(
    "scan margin",
    [
        Row("clearing.margin.model", "scan", (lambda m: type(_model(m, 1)).__name__, "ScanMargin")),
        Row("clearing.margin.spread_charge", 0.17,
            (lambda m: _model(m, 1)._weights, (20_000 - 3_500, 3_500 - 1_700, 1_700, 2 * 2_300))),
        Row("clearing.margin.tier_charge", 0.35,
            (lambda m: _model(m, 1)._weights, (20_000 - 3_500, 3_500 - 1_700, 1_700, 2 * 2_300))),
        Row("clearing.margin.delivery_charge", 0.23,
            (lambda m: _model(m, 1)._weights, (20_000 - 3_500, 3_500 - 1_700, 1_700, 2 * 2_300))),
        Row("clearing.margin.confidence", 0.965,
            (lambda m: _model(m, 1)._ranges._quantile, NormalDist().inv_cdf(0.965) * math.sqrt(6.0)),
            (lambda m: _model(m)._floor._quantile, NormalDist().inv_cdf(0.965) * math.sqrt(6.0))),
        Row("clearing.margin.mpor_days", 6,
            (lambda m: _model(m, 1)._ranges._quantile, NormalDist().inv_cdf(0.965) * math.sqrt(6.0)),
            (lambda m: _model(m)._floor._quantile, NormalDist().inv_cdf(0.965) * math.sqrt(6.0))),
        Row("clearing.margin.decay", 0.935, (lambda m: _model(m, 1)._ranges._estimate._decay, 0.935)),
        Row("clearing.margin.procyclicality", "floor", (lambda m: type(_model(m)).__name__, "Floor")),
    ],
)  # fmt: skip

GROUPS = [RULES, FUND, FLAT, REGISTERED, EWMA, FILTERED, SCAN]

"""Where the fields of the market makers and of their contract arrive."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
from field_table import Group, Row
from probes import class_rows, column, equity_usd, traders

from abm.agents.makers.style import MakerStyle

TABLE = "agents.market_makers"


def _terms(name):
    return lambda m: getattr(m.maker_regime.terms, name)


def _duties(name):
    return lambda m: getattr(traders(m, "dmm").duties, name)


def _risk(name):
    return lambda m: attrgetter(name)(traders(m, "dmm").risk)


def _pay(name):
    return lambda m: getattr(m.maker_regime.terms.pay, name)


def _stress(name):
    return lambda m: getattr(m.maker_regime.terms.stress, name)


def _by_tenor(field, value, name, arrives):
    """Return a row that must show in the contract and in what the makers are told."""
    return Row(f"{TABLE}.{field}", value, (_terms(name), arrives), (_duties(name), arrives))


SHOWN, SMALLEST = np.array([26, 26, 11, 11, 11]), np.array([17, 17, 8, 8, 8])
WIDEST = np.array([0.016, 0.016, 0.034, 0.034, 0.034])

MAKERS = Group(
    "market makers",
    [
        Row(f"{TABLE}.count", 5, (lambda m: traders(m, "dmm").count, 5)),
        *class_rows(TABLE, "dmm", requotes_per_day=190.0, risk_aversion=3e-5, horizon_days=1.1,
                    fill_distance=0.005, belief_sd=0.0012,
                    belief_reversion_per_day=2.1,
                    max_skew=0.045, latency_ms=2.5),
        Row(f"{TABLE}.max_position_lots", 610.0, (column("dmm", "max_position_lots"), 610)),
        *(
            Row(f"{TABLE}.{name}", value, (lambda m, name=name: traders(m, "dmm").habits[name], value))
            for name, value in {"fill_rate": 41.0, "estimate_days": 1.3, "quoting_cost_usd": 12.0}.items()
        ),
        Row(f"{TABLE}.relative_risk_aversion", 1.7, (_risk("curve.relative_aversion"), 1.7)),
        Row(f"{TABLE}.curve_correlation", 0.55, (column("dmm", "curve_correlation"), 0.55),
            (_risk("curve.correlation"), 0.55)),
        Row(f"{TABLE}.margin_to_equity", 0.35, (_risk("margin_to_equity"), 0.35)),
        Row(f"{TABLE}.budget_widening", 1.4, (_risk("widening"), 1.4)),
        Row(f"{TABLE}.cash_usd", 14e6, (equity_usd("dmm"), 14e6)),
        _by_tenor("quote_lots_near", 26, "quote_lots", SHOWN),
        _by_tenor("quote_lots_far", 11, "quote_lots", SHOWN),
        _by_tenor("near_tenors", 2, "max_spread", WIDEST),
        # 0.65 of 26 and of 11 lots, rounded up.
        _by_tenor("min_size_share", 0.65, "min_lots", SMALLEST),
        _by_tenor("max_spread_near", 0.016, "max_spread", WIDEST),
        _by_tenor("max_spread_far", 0.034, "max_spread", WIDEST),
        Row(f"{TABLE}.presence_required", 0.78,
            (_terms("presence_required"), 0.78),
            (_pay("levels"), ((0.78, 10_000),)),
            (_duties("level_score"), np.array([0.78]))),
        Row(f"{TABLE}.monthly_pay_usd", 5_100.0, (_pay("stipend_usd_micro"), 5_100_000_000)),
        Row(f"{TABLE}.sample_days", 0.21, (lambda m: traders(m, "dmm")._sample_days, 0.21)),
        Row(f"{TABLE}.markout_days", 0.36, (lambda m: traders(m, "dmm")._markout_days, 0.36)),
        Row(f"{TABLE}.contract.stress_move", 2.2, (_stress("move"), 2.2)),
        Row(f"{TABLE}.contract.stress_on_interruption", True, (_stress("on_interruption"), True)),
        Row(f"{TABLE}.contract.stress_spread_multiple", 2.4, (_stress("spread_multiple"), 2.4)),
        Row(f"{TABLE}.contract.stress_size_share", 0.42, (_stress("size_share"), 0.42)),
        Row(f"{TABLE}.contract.stress_pay_usd", 77.0, (_pay("stress_usd_micro"), 77_000_000)),
        Row(f"{TABLE}.contract.suspended_by", ("daily_limit", "halt", "index_unavailable"),
            (_stress("suspended_by"), ("daily_limit", "halt", "index_unavailable"))),
        Row(f"{TABLE}.contract.pay_source", "fees", (_pay("limited_to_fees"), True)),
        Row(f"{TABLE}.contract.misses_allowed", 3, (_terms("misses_allowed"), 3)),
    ],
)  # fmt: skip

LEVELS = Group(
    "pay of the makers",
    [
        Row(f"{TABLE}.contract.pay", "revenue_share", (_pay("revenue_share_bps"), 1_200)),
        Row(f"{TABLE}.contract.revenue_share", 0.12, (_pay("revenue_share_bps"), 1_200)),
        *(
            Row(f"{TABLE}.contract.pay_levels[].{name}", value,
                (_pay("levels"), ((0.81, 3_300), (0.95, 10_000))),
                (_duties(told), np.array(arrives)))
            for name, value, told, arrives in (
                ("presence", 0.81, "level_score", [0.81, 0.95]),
                ("share", 0.33, "level_share", [0.33, 1.0]),
            )
        ),
    ],
    alongside={f"{TABLE}.contract.pay_levels": [{"presence": 0.95, "share": 1.0}]},
)  # fmt: skip

STYLES = (
    ("quoting", "glft", "glft", 1),
    ("horizon", "session", "to_session_end", 1),
    ("curve_risk", "by_distance", "by_distance", 1),
    ("curve_risk", "to_delivery", "to_delivery", 1),
    ("estimates", "public", "own_estimates", 0),
    ("strategy", "strategic", "strategic", 1),
)
NO_STYLE = dict.fromkeys(MakerStyle._fields, 0) | {"own_estimates": 1}
STYLE_GROUPS = [
    Group(
        f"makers: {flag}",
        [
            Row(f"{TABLE}.{field}", word, (lambda m: traders(m, "dmm").style._asdict(),
                NO_STYLE | {flag: value}))
        ],
    )
    for field, word, flag, value in STYLES
]  # fmt: skip

GROUPS = [MAKERS, LEVELS, *STYLE_GROUPS]

"""Which measures a comparison looks at: the question each belongs to, its unit, and a plain name."""

from __future__ import annotations

from typing import NamedTuple

SHARE = "share"


class Measure(NamedTuple):
    """One metric of a run's manifest, or one of ``OF_ALL_RUNS``, as comparisons show it.

    Parameters
    ----------
    name : str
        Key in the manifest's ``metrics``.
    question : str
        One of ``QUESTIONS``.
    unit : str
        Unit of its values; ``share`` for a share of one, which is shown in percent.
    label : str
        Plain name.
    """

    name: str
    question: str
    unit: str
    label: str

    @property
    def is_share(self) -> bool:
        """Whether it is a share of one."""
        return self.unit == SHARE


QUESTIONS = {
    "liquidity": "Liquidity and prices",
    "margin and default": "Margin and default",
    "hedging": "Hedging",
    "makers": "Market makers",
    "welfare": "Welfare: what is gained and lost in money",
    "other": "Other measures",
}
"""Questions in the order of tables, with their headings."""


def _ahead(tenor: int) -> str:
    return f"{tenor} months ahead" if tenor > 1 else "1 month ahead"


_REDUCTION = "volatility reduction within a run"
_LISTED = (
    Measure("front_spread_usd", "liquidity", "USD/mSIT", "front spread"),
    Measure("front_spread_ticks", "liquidity", "ticks", "front spread, by its own tick"),
    Measure("front_spread_share", "liquidity", SHARE, "front spread, share of price"),
    Measure("last_spread_share", "liquidity", SHARE, "spread of the last month, share of price"),
    Measure("curve_spread", "liquidity", SHARE, "spread of all months, share of price"),
    Measure("front_depth_lots", "liquidity", "lots", "front depth at the best price"),
    Measure("front_two_sided_share", "liquidity", SHARE, "time the front month is two-sided"),
    Measure("curve_two_sided_share", "liquidity", SHARE, "time all months are two-sided"),
    Measure("volume_lots", "liquidity", "lots", "volume"),
    Measure("auction_volume_share", "liquidity", SHARE, "volume traded in auctions"),
    Measure("months_listed", "liquidity", "months", "months listed"),
    Measure("months_traded", "liquidity", "months", "months traded"),
    Measure("open_interest_first_lots", "liquidity", "lots", "open interest, first day"),
    Measure("open_interest_last_lots", "liquidity", "lots", "open interest, last day"),
    Measure("open_interest_carried_share", "liquidity", SHARE, "open interest carried over an expiry"),
    Measure("limit_halts", "liquidity", "halts", "halts at a daily limit"),
    Measure("interruptions", "liquidity", "interruptions", "volatility interruptions"),
    Measure("front_settlement_volatility", "liquidity", SHARE, "volatility of front settlements, a year"),
    Measure("next_settlement_volatility", "liquidity", SHARE, "volatility of next settlements, a year"),
    *(
        Measure(f"volatility_tenor_{k}", "liquidity", SHARE, f"volatility {_ahead(k)}, a year")
        for k in (6, 11)
    ),
    *(
        Measure(f"risk_premium_tenor_{k}", "liquidity", SHARE, f"risk premium {_ahead(k)}")
        for k in (1, 3, 6, 11)
    ),
    *(Measure(f"spread_bp_tenor_{k}", "liquidity", "bp", f"spread {_ahead(k)}") for k in (1, 6, 11)),
    Measure("front_basis_usd", "liquidity", "USD/mSIT", "front basis to the index"),
    Measure("convergence_ticks", "liquidity", "ticks", "last settlement to the final one, by its own tick"),
    Measure("margin_calls", "margin and default", "calls", "margin calls"),
    Measure("margin_calls_met_at_once", "margin and default", "calls", "margin calls met at once"),
    Measure("margin_calls_missed", "margin and default", "calls", "margin calls missed"),
    Measure("initial_margin_mean_usd", "margin and default", "USD", "initial margin, mean over days"),
    Measure("initial_margin_peak_usd", "margin and default", "USD", "initial margin, largest"),
    Measure("initial_margin_share", "margin and default", SHARE, "initial margin, share of notional"),
    Measure(
        "initial_margin_peak_share", "margin and default", SHARE, "initial margin, largest share of notional"
    ),
    Measure("variation_largest_day_usd", "margin and default", "USD", "variation margin, largest day"),
    Measure("margin_called_usd", "margin and default", "USD", "margin called"),
    Measure("margin_called_largest_day_usd", "margin and default", "USD", "margin called, largest day"),
    Measure("margin_funding_usd", "margin and default", "USD", "interest on credit drawn for margin"),
    Measure("lot_margin_peak_to_trough", "margin and default", "times", "margin of a lot, peak to trough"),
    Measure("lot_margin_largest_rise", "margin and default", "times", "margin of a lot, largest 5-day rise"),
    Measure("client_defaults", "margin and default", "defaults", "client defaults"),
    Measure("member_defaults", "margin and default", "defaults", "member defaults"),
    Measure("worst_liquidity_need_usd", "margin and default", "USD", "fronted by the house, largest day"),
    Measure("loss_beyond_collateral_usd", "margin and default", "USD", "loss beyond defaulters' collateral"),
    Measure("owners_refill_share", "margin and default", SHARE, "trading losses that owners refilled"),
    Measure("volatility_reduction_within", "hedging", SHARE, f"{_REDUCTION}, median hedger"),
    Measure("volatility_reduction_within_pooled", "hedging", SHARE, f"{_REDUCTION}, all hedgers pooled"),
    Measure("volatility_reduction_within_bills", "hedging", SHARE, f"{_REDUCTION}, bill and need"),
    Measure(
        "volatility_reduction_across", "hedging", SHARE, "volatility reduction across runs, by dollar of cost"
    ),
    Measure("hedge_abandonment", "hedging", SHARE, "hedgers that gave up or defaulted"),
    Measure("dmm_presence", "makers", SHARE, "presence"),
    Measure("dmm_at_best", "makers", SHARE, "sides at the best price"),
    Measure("dmm_obligation_met", "makers", SHARE, "days on which the duty was kept"),
    Measure("dmm_stress_share", "makers", SHARE, "time in stress"),
    Measure("dmm_stress_presence", "makers", SHARE, "presence in stress"),
    Measure("dmm_pay_usd", "makers", "USD", "pay of the makers"),
    Measure("dmm_pnl_usd", "makers", "USD", "profit of the makers"),
    Measure("uncovered_loss_usd", "welfare", "USD", "loss that no resource covered"),
    Measure("volatility_reduction_within_weighted", "welfare", SHARE, f"{_REDUCTION}, by dollar of cost"),
    Measure(
        "volatility_reduction_within_bills_weighted",
        "welfare",
        SHARE,
        f"{_REDUCTION}, bill and need, by dollar of cost",
    ),
    Measure("expected_sharpe_fundamentalists", "welfare", "1", "Sharpe ratio to expect, fundamentalists"),
    Measure("expected_sharpe_makers", "welfare", "1", "Sharpe ratio to expect, market makers"),
    Measure("expected_sharpe_makers_and_fundamentalists", "welfare", "1", "Sharpe ratio to expect, both"),
    *(
        Measure(
            f"margin_to_equity_{name}{ending}",
            "margin and default",
            SHARE,
            f"margin over equity, {name}{when}",
        )
        for name in ("fundamentalists", "makers", "enterprises")
        for ending, when in (
            ("", ""),
            ("_first_quarter", ", first quarter"),
            ("_last_quarter", ", last quarter"),
        )
    ),
    Measure("refused_per_day", "margin and default", "messages", "messages refused a day"),
    Measure(
        "refused_for_margin_per_day", "margin and default", "messages", "messages refused for margin a day"
    ),
    Measure("shrinking_orders_per_day", "margin and default", "orders", "orders that shrink positions a day"),
    Measure("credit_lines_ended", "margin and default", "lines", "credit lines ended"),
    Measure("active_noise", "other", "traders", "noise traders that are in"),
    Measure("active_fundamentalist", "other", "traders", "fundamentalists that are in"),
    Measure("active_chartist", "other", "traders", "chartists that are in"),
    Measure("active_arbitrageur", "other", "traders", "arbitrageurs that are in"),
    Measure("active_informed", "other", "traders", "informed traders that are in"),
    Measure("active_mixture", "other", "traders", "mixture traders that are in"),
    Measure("active_switching", "other", "traders", "switching traders that are in"),
)

MEASURES = {measure.name: measure for measure in _LISTED}
"""Every measure that is compared, by name, in the order of tables."""

OF_ALL_RUNS = ("volatility_reduction_across",)
"""Measures of all runs of a variant together; the others are metrics of each."""

_EARLIER = "an earlier name of the same with _within"
_SQUARED = "follows from the volatility reduction: one test of it is enough"
LEFT_OUT = {
    "volatility_tenor_1": "another name of next_settlement_volatility",
    "volatility_reduction": _EARLIER,
    "variance_reduction": _EARLIER,
    "volatility_reduction_pooled": _EARLIER,
    "variance_reduction_pooled": _EARLIER,
    "variance_reduction_within": _SQUARED,
    "variance_reduction_within_pooled": _SQUARED,
    "variance_reduction_within_weighted": _SQUARED,
}
"""Metrics of the manifest that are not compared, with the reason."""


def measure_of(name: str) -> Measure:
    """Return a measure by the name of its metric; one that is not listed, of one's own, is ``other``.

    Parameters
    ----------
    name : str
        Key in the manifest's ``metrics``.
    """
    return MEASURES.get(name) or Measure(name, "other", "", name.replace("_", " "))

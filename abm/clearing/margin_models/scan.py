"""Scan margin: scan range x net position, plus charges for calendar spreads and for the delivery month.

After the Standard Portfolio Analysis of Risk (SPAN) of the CME, where months are scanned together: a
calendar spread first costs the difference of its legs' ranges and then a charge of its own
(cmegroup.com/clearing/margins/spread-calc.html). Sixteen scenarios move the price by 0, 1/3, 2/3 and all of
the range each way, with volatility up and down, and by an extreme move of which a part is covered. A future
does not depend on volatility and its loss is linear, so the worst of the sixteen is the full range, or the
extreme move where multiple x cover is more than one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO
from abm.clearing.margin_models.interface import Digest, MarginDay, MarginModel
from abm.clearing.margin_models.requirement import weighted_up
from abm.core.arrays import IntArray
from abm.core.errors import ParameterError
from abm.core.money import BPS, scale_up


def risk_scenarios(extreme_multiple: float, extreme_cover: float) -> list[tuple[float, float]]:
    """Return the sixteen scenarios as (price move in scan ranges, share of the loss that counts).

    Scenarios that differ in volatility only are listed twice, as in the SPAN risk array.
    """
    steps = [0.0, *(sign * third / 3.0 for third in (1, 2, 3) for sign in (1, -1))]
    twice = [(step, 1.0) for step in steps for _ in ("volatility up", "volatility down")]
    return [*twice, (extreme_multiple, extreme_cover), (-extreme_multiple, extreme_cover)]


class ScanMargin:
    """Margin is that of the net position at its scan ranges, plus spread charges and a delivery charge.

    With ``w`` the signed lots of a month times its scan range, ``N = |sum of w|``, ``T`` the sum over tiers
    of ``|sum of w in the tier|`` and ``G = sum of |w|``, spreads are formed within tiers first,
    ``(G - T) / 2``, then across, ``(T - N) / 2``, and ::

        margin = N + within x (G - T) / 2 + across x (T - N) / 2
                   + (1 - credit) x (G - N) + delivery x |w front|.

    Nearest months first is also the cheapest order, since ``within <= across``. Every coefficient of N, T, G
    is then not negative, so the margin is a sum of norms: twice the position needs twice the margin, and two
    portfolios together never more than both apart. Charges are rates of the scan range and not dollars,
    so that they neither vanish nor dominate as the price level changes.

    Parameters
    ----------
    ranges : MarginModel
        Its margin per lot is the scan range: ``FlatMargin`` for a rate of price by tenor, ``EwmaMargin`` for
        a quantile of volatility. It is observed through this model.
    tiers : sequence of int
        Longest tenor of each spread tier, ascending; the last tier also takes every longer tenor.
    spread_charge_bps, tier_charge_bps : int
        Charge for a spread within a tier, and across tiers, as a rate of one leg's scan range.
    spread_credit_bps : int
        Share of the offset between months that is granted; all of it in SPAN.
    delivery_charge_bps : int
        Charge for the front month, as a rate of its scan range.
    extreme_multiple, extreme_cover : float
        Extreme move in scan ranges, and the share of its loss that counts.

    Raises
    ------
    ParameterError
        If the tiers do not ascend or a rate is outside its domain.

    Notes
    -----
    Defaults of the charges are judgement; the multiple 3 and the cover 0.33 are the CME's usual parameters.
    Margin is rounded up once per account, so it is homogeneous to within one micro-USD per multiple;
    that two portfolios together need no more than both apart holds to the micro-USD.
    """

    def __init__(
        self,
        ranges: MarginModel,
        *,
        tiers: Sequence[int] = (2, 5, 11),
        spread_charge_bps: int = 1_500,
        tier_charge_bps: int = 3_000,
        spread_credit_bps: int = BPS,
        delivery_charge_bps: int = 2_500,
        extreme_multiple: float = 3.0,
        extreme_cover: float = 0.33,
    ) -> None:
        if not tiers or tiers[0] < 0 or any(later <= earlier for earlier, later in pairwise(tiers)):
            raise ParameterError(f"margin.tiers: {list(tiers)} are not one or more ascending tenors")
        if not 0 <= spread_charge_bps <= tier_charge_bps:
            raise ParameterError(
                f"margin.spread_charge_bps: {spread_charge_bps} is not in 0..{tier_charge_bps},"
                " the charge across tiers: the nearest months would not be the cheapest spread"
            )
        if not 0 <= spread_credit_bps <= BPS:
            raise ParameterError(f"margin.spread_credit_bps: {spread_credit_bps} is not in 0..{BPS}")
        if tier_charge_bps > 2 * spread_credit_bps:
            raise ParameterError(
                f"margin.tier_charge_bps: {tier_charge_bps} is more than {2 * spread_credit_bps},"
                " the credit for both legs: a spread would cost more than its outright legs"
            )
        if delivery_charge_bps < 0:
            raise ParameterError(f"margin.delivery_charge_bps: {delivery_charge_bps} is not >= 0")
        if extreme_multiple < 0.0 or not 0.0 <= extreme_cover <= 1.0:
            raise ParameterError(
                f"margin.extreme_multiple, extreme_cover: {extreme_multiple}, {extreme_cover}"
                " are not >= 0 and in 0..1"
            )
        self._ranges = ranges
        self._tiers = np.array(tiers, dtype=np.int64)
        self._weights = (
            2 * spread_credit_bps - tier_charge_bps,
            tier_charge_bps - spread_charge_bps,
            2 * (BPS - spread_credit_bps) + spread_charge_bps,
            2 * delivery_charge_bps,
        )
        worst = max(abs(move) * cover for move, cover in risk_scenarios(extreme_multiple, extreme_cover))
        self._worst_bps = math.ceil(round(worst * BPS, 6))
        self._range_usd_micro: IntArray = np.zeros(0, dtype=np.int64)
        self._tier: IntArray = np.zeros(0, dtype=np.int64)
        self._front: IntArray = np.zeros(0, dtype=np.int64)

    def observe(self, day: MarginDay) -> None:
        """Set the scan ranges and the tier of each slot."""
        self._ranges.observe(day)
        self._range_usd_micro = scale_up(self._ranges.per_lot_usd_micro(), self._worst_bps, BPS)
        self._tier = np.minimum(np.searchsorted(self._tiers, day.tenor), len(self._tiers) - 1)
        self._front = np.flatnonzero(day.tenor == 0)

    def per_lot_usd_micro(self) -> IntArray:
        """Return the scan range by slot, in the front month with the delivery charge."""
        return self.per_account_usd_micro(np.eye(len(self._range_usd_micro), dtype=np.int64))

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the margin of each account by the formula of the class, rounded up once."""
        assert len(self._range_usd_micro) > 0, "no settlement has been observed"
        largest = int(np.abs(position_lots).sum(axis=1).max(initial=0)) * int(self._range_usd_micro.max())
        assert largest < MONEY_BOUND_USD_MICRO, "an initial margin is near overflow"
        value = position_lots * self._range_usd_micro
        in_tier = np.zeros((len(value), len(self._tiers)), dtype=np.int64)
        for tier in range(len(self._tiers)):
            in_tier[:, tier] = value[:, self._tier == tier].sum(axis=1)
        parts = (
            np.abs(value.sum(axis=1)),
            np.abs(in_tier).sum(axis=1),
            np.abs(value).sum(axis=1),
            np.abs(value[:, self._front]).sum(axis=1),
        )
        return weighted_up(parts, self._weights, 2 * BPS)

    def update_digest(self, digest: Digest) -> None:
        """Feed the ranges, and the model they come from, into a running hash."""
        self._ranges.update_digest(digest)
        for array in (self._range_usd_micro, self._tier, self._front):
            digest.update(array.tobytes())

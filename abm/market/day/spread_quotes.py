"""What the venue publishes of its calendar spreads: best prices and lots, spread by spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.view import NO_SPREADS, SPREAD_DTYPE
from abm.core.orders import NO_PRICE, TradingPhase
from abm.exchange import Exchange

_AUCTION = int(TradingPhase.AUCTION)


def spread_quotes(exchange: Exchange, months: NDArray[Any]) -> NDArray[Any]:
    """Return the quotes of all listed spreads now, rows of ``SPREAD_DTYPE``, by length, then tenor.

    Parameters
    ----------
    exchange : Exchange
        Holds the books.
    months : structured array
        ``MONTH_DTYPE`` rows in tenor order.
    """
    lengths = exchange.rules.spread_lengths
    if not lengths:
        return NO_SPREADS
    near = [np.arange(len(months) - length) for length in lengths]
    rows = np.zeros(sum(map(len, near)), dtype=SPREAD_DTYPE)
    rows["tenor"] = np.concatenate(near)
    length_row = np.repeat(np.arange(len(lengths)), [len(tenors) for tenors in near])
    rows["spread_months"] = np.array(lengths)[length_row]
    rows["month"] = months["month"][rows["tenor"]]
    top, slot = exchange.spread_top(), months["slot"][rows["tenor"]]
    for name, values in top._asdict().items():
        rows[name] = values[length_row, slot]
    return rows


def without_auctions(spreads: NDArray[Any], months: NDArray[Any]) -> NDArray[Any]:
    """Return quotes of an earlier moment without those of spreads with a leg in an auction now.

    Parameters
    ----------
    spreads : structured array
        Rows of ``SPREAD_DTYPE``.
    months : structured array
        ``MONTH_DTYPE`` rows in tenor order; their phase is today's.
    """
    far = spreads["tenor"] + spreads["spread_months"]
    stopped = (months["phase"][spreads["tenor"]] == _AUCTION) | (months["phase"][far] == _AUCTION)
    if not stopped.any():
        return spreads
    shown = spreads.copy()
    for name in ("best_bid_ticks", "best_ask_ticks"):
        shown[name][stopped] = NO_PRICE
    for name in ("bid_lots", "ask_lots"):
        shown[name][stopped] = 0
    return shown

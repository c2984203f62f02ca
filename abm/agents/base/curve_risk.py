"""What holding a curve of futures is worth being paid for: a premium by covariance and time to delivery.

A trader with constant absolute risk aversion gamma who holds q_k lots of each month k values a further lot of
month j at its expected price less gamma times the covariance of that lot with all that it holds, to be held
until delivery (the linear pricing rule of an exponential utility and normal price changes, Grossman and
Miller 1988; along a curve, the hedging-pressure model of Hirshleifer 1990):

    premium_j = gamma sum_k rho^|j-k| sigma_j sigma_k N_j N_k q_k min(T_j, T_k)

with sigma the volatility of a month, N what a lot of it is worth, rho the correlation of neighbouring
months, and T the time to the middle of the delivery month: two months share risk until the nearer one of
them is delivered. With one T for all months, what is held in near ones would cost as much in far ones.
gamma is the relative risk aversion over the trader's own equity at the open: twice the money, half the
premium. Volatility is the public one.

Since T rises with the tenor, the sum is two passes: near months, each with its own T, decay outwards, far
ones inwards. Units are ticks, lots and days: variance per day times days is variance per year times years.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.kernel import kernel
from abm.core.money import USD_MICRO


class CurveRisk(NamedTuple):
    """What the traders of a class know of the risk that they hold, arrays by trader unless said.

    Attributes
    ----------
    relative_aversion : array of float, shape (traders,)
        Relative risk aversion; 0 for a trader who asks nothing for risk.
    correlation : array of float, shape (traders,)
        Correlation rho of two neighbouring months, as the trader sees it.
    equity_usd : array of float, shape (traders,)
        Own equity at the open.
    days_to_delivery : array of float, shape (listed months,)
        Days from the open to the middle of each delivery month, rising.
    tick_value_usd : float
        USD that one lot gains when the price moves by one tick.
    """

    relative_aversion: FloatArray
    correlation: FloatArray
    equity_usd: FloatArray
    days_to_delivery: FloatArray
    tick_value_usd: float

    def open_day(self, equity_usd_micro: NDArray[np.int64], days_to_delivery: FloatArray) -> None:
        """Take down the traders' own equity, shape (traders,), and the times to delivery of a day."""
        self.equity_usd[:] = equity_usd_micro / USD_MICRO
        self.days_to_delivery[:] = days_to_delivery

    def update_digest(self, digest: Any) -> None:
        """Feed what the traders know into a running hash, if anybody asks for a premium."""
        if self.relative_aversion.any():
            for part in self[:-1]:
                digest.update(part.tobytes())


def new_curve_risk(
    relative_aversion: FloatArray, correlation: FloatArray, *, listed_months: int, tick_value_usd: float
) -> CurveRisk:
    """Return the risk of traders before their first day."""
    return CurveRisk(
        np.array(relative_aversion, dtype=np.float64),
        np.array(correlation, dtype=np.float64),
        np.zeros(len(relative_aversion)),
        np.zeros(listed_months),
        float(tick_value_usd),
    )


@kernel(allocates=False)
def aversion_per_tick(risk: CurveRisk, i: int) -> float:
    """Return gamma per tick and lot; 0 for a trader without equity, whom no price pays for more risk."""
    if not risk.equity_usd[i] > 0.0:
        return 0.0
    gamma: float = risk.relative_aversion[i] / risk.equity_usd[i] * risk.tick_value_usd
    return gamma


@kernel(allocates=False)
def only_reduces(risk: CurveRisk, i: int) -> bool:
    """Say whether a trader who asks to be paid for risk has no equity left to bear any."""
    return risk.relative_aversion[i] > 0.0 and not risk.equity_usd[i] > 0.0


@kernel(allocates=False)
def deviation_ticks(at: Any) -> float:
    """Return the standard deviation of a month's price over a day, in ticks."""
    deviation: float = at.volatility_per_day * at.scale_ticks
    return deviation


@kernel(allocates=False)
def lot_risk_ticks(risk: CurveRisk, i: int, at: Any, tenor: int) -> float:
    """Return by how much the premium of a month rises with each lot held in it, in ticks."""
    rise: float = aversion_per_tick(risk, i) * deviation_ticks(at) ** 2 * risk.days_to_delivery[tenor]
    return rise


@kernel(allocates=False)
def premium_ticks(
    risk: CurveRisk,
    i: int,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    account: int,
    tenor: int,
) -> float:
    """Return the premium that a trader asks of one month, in ticks; negative for one who is short.

    Parameters
    ----------
    i, account : int
        Row of the trader in its class, and its account.
    months : structured array, shape (listed months,)
        ``MONTH_DTYPE`` rows in tenor order.
    position_lots : array of int64, shape (accounts, slots)
        Signed positions.
    """
    rho, near, far = risk.correlation[i], 0.0, 0.0
    for k in range(tenor + 1):
        at = months[k]
        held = deviation_ticks(at) * position_lots[account, at.slot]
        near = rho * near + held * risk.days_to_delivery[k]
    for k in range(months.shape[0] - 1, tenor, -1):
        at = months[k]
        far = rho * (far + deviation_ticks(at) * position_lots[account, at.slot])
    covered = near + far * risk.days_to_delivery[tenor]
    premium: float = aversion_per_tick(risk, i) * deviation_ticks(months[tenor]) * covered
    return premium


@kernel(allocates=False)
def write_premiums_ticks(
    risk: CurveRisk,
    i: int,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    account: int,
    out: FloatArray,
) -> None:
    """Write the premium that ``premium_ticks`` gives for each month into ``out``, shape (listed months,)."""
    rho, gamma, near, far = risk.correlation[i], aversion_per_tick(risk, i), 0.0, 0.0
    for k in range(months.shape[0]):
        at = months[k]
        held = deviation_ticks(at) * position_lots[account, at.slot]
        near = rho * near + held * risk.days_to_delivery[k]
        out[k] = near
    for k in range(months.shape[0] - 1, -1, -1):
        at = months[k]
        own = deviation_ticks(at)
        out[k] = gamma * own * (out[k] + far * risk.days_to_delivery[k])
        far = rho * (far + own * position_lots[account, at.slot])

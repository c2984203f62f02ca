"""A demand-explosion year without frictions: programmes trade at model prices, as much as they want."""

from __future__ import annotations

import math

import numpy as np

from abm.spot.jumps import DoubleExponentialJumps
from abm.spot.level import Level
from abm.spot.mrjd import MeanRevertingJumpDiffusion

MONTH, MONTHS = 21, 12
DAYS = MONTH * MONTHS
DT = 1.0 / DAYS
DEMAND_EXPLOSION = MeanRevertingJumpDiffusion(
    6.0, 0.6, 6.0, DoubleExponentialJumps(0.8, 5.0, 8.0), Level(1.0, 0.0)
)


class FrictionlessYear:
    """Paths of a year that begins at the close of a month's last day, with one token a day to be bought.

    Delivery months are counted 1 .. 12 from there.
    """

    def __init__(self, paths: int = 4_000, seed: int = 3, spot=DEMAND_EXPLOSION) -> None:
        self.rng, self.spot = np.random.default_rng(seed), spot
        times = np.arange(DAYS + 1) * DT
        self.x = spot.simulate_log_deviation(times, paths, self.rng).T  # (days + 1, paths)
        self.growth = spot.exponential_moment(1.0, times[1:], 0.0)
        self.prices = np.exp(self.x[1:])
        self.final = by_month(self.prices)

    def future(self, day: int, month: int):
        """Price of a month's contract at the close of a day, before its delivery; shape (paths,)."""
        ahead = np.arange((month - 1) * MONTH + 1, month * MONTH + 1) - day
        kept = np.exp(-self.spot.kappa * ahead * DT)
        return np.mean(
            [np.exp(self.x[day] * e) * g for e, g in zip(kept, self.growth[ahead - 1], strict=True)], axis=0
        )

    def gains(self, programme):
        """Gain on each month's contract for a need of one token a day, shape (months, paths).

        The programme trades at the close of each month's last and first day; between them it wants no change.
        """
        gains, held = np.zeros_like(self.final), np.zeros(MONTHS + 1)
        for now in range(MONTHS):
            for day, day_of_month, front in (
                (now * MONTH, MONTH - 1, now),
                (now * MONTH + 1, 0, now + 1),
            ):
                ahead = np.arange(front + 1, MONTHS + 1)
                need = np.zeros((1, MONTHS + 2))
                need[0, ahead - front] = 1.0
                target = programme.target_lots(need, day_of_month)[0, ahead - front]
                for month, bought in zip(ahead, target - held[ahead], strict=True):
                    if bought != 0.0:
                        gains[month - 1] += bought * (self.final[month - 1] - self.future(day, month))
                held[ahead] = target
        return gains

    def basis(self, sd: float, kappa: float):
        """Own price over the index, which begins at par; shape (days, paths)."""
        return np.exp(self._reverting(sd * math.sqrt(2.0 * kappa), kappa, 0.0))

    def quantity(self, volatility: float, kappa: float, correlation: float):
        """Need over what was expected, driven in part by the shocks to the price; shape (days, paths)."""
        return np.exp(self._reverting(volatility, kappa, correlation))

    def _reverting(self, volatility: float, kappa: float, correlation: float):
        shocks = self.x[1:] - self.x[:-1] * math.exp(-self.spot.kappa * DT)
        shocks = (shocks - shocks.mean(axis=1, keepdims=True)) / shocks.std(axis=1, keepdims=True)
        fresh = volatility * math.sqrt(-math.expm1(-2.0 * kappa * DT) / (2.0 * kappa))
        own, log, path = math.sqrt(1.0 - correlation**2), np.zeros(self.x.shape[1]), []
        for shock in shocks:
            draw = correlation * shock + own * self.rng.standard_normal(len(log))
            log = log * math.exp(-kappa * DT) + fresh * draw
            path.append(log)
        return np.array(path)


def by_month(daily):
    """Means over the days of each month, shape (months, paths)."""
    return daily.reshape(MONTHS, MONTH, -1).mean(axis=1)


def volatility_reductions(bills, gains) -> tuple[float, float]:
    """Return 1 - sd(hedged) / sd(unhedged) of the annual cost, and its mean over months."""
    net = bills - gains
    annual = 1.0 - net.sum(axis=0).std() / bills.sum(axis=0).std()
    monthly = 1.0 - net.std(axis=1) / bills.std(axis=1)
    return float(annual), float(monthly.mean())

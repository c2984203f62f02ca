"""Standard deviations of a hedged year in closed form, for programmes that trade at model prices.

The cost of a year is a sum of exponentials w e^(a x_d) of the reverting deviation on some days: bills have
a = 1, a month's future on day d has a = e^(-kappa ahead) for each fixing. So its variance needs nothing but
E[e^(a x_s) e^(b x_t)] = M(a + b e^(-kappa (t - s)), s) M(b, t - s), with M the exponential moment from zero.
"""

from __future__ import annotations

import math

import numpy as np

MONTH, MONTHS = 21, 12
DAYS = MONTH * MONTHS
DT = 1.0 / DAYS


def trades(programme):
    """Day, delivery month and lots of every trade, for a need of one lot a month.

    The programme trades at the close of each month's last and first day; month 12 is the last that is traded.
    """
    made, held = [], np.zeros(MONTHS + 1)
    for now in range(MONTHS):
        for day, day_of_month, front in ((now * MONTH, MONTH - 1, now), (now * MONTH + 1, 0, now + 1)):
            ahead = np.arange(front + 1, MONTHS + 1)
            need = np.zeros((1, MONTHS + 2))
            need[0, ahead - front] = 1.0
            target = programme.target_lots(need, day_of_month)[0, ahead - front]
            made += [
                (day, int(month), float(lots))
                for month, lots in zip(ahead, target - held[ahead], strict=True)
                if lots != 0.0
            ]
            held[ahead] = target
    return made


class ClosedYear:
    """Closed-form volatility reductions of a year with level one, started at x = 0."""

    def __init__(self, spot, *, basis_sd=0.0, basis_kappa=20.0):
        self.spot = spot
        self.basis_sd, self.basis_kappa = basis_sd, basis_kappa

    def volatility_reductions(self, programme):
        """1 - sd(hedged) / sd(unhedged) of the year's cost, and of each month's."""
        made = trades(programme)
        return self.year_reduction(programme), [
            self._reduction([month], [t for t in made if t[1] == month]) for month in range(1, 13)
        ]

    def year_reduction(self, programme):
        """1 - sd(hedged) / sd(unhedged) of the year's cost."""
        return self._reduction(range(1, MONTHS + 1), trades(programme))

    def _reduction(self, months, made):
        bills = np.concatenate([self._days(month) for month in months])
        share = np.full(bills.size, 1.0 / MONTH)
        spread = self._covariance((bills, np.ones(bills.size)), (bills, np.ones(bills.size)))
        unhedged = share @ (spread + self._basis_part(bills)) @ share
        days, exponents, weights = self._gain_terms(made)
        cross = share @ self._covariance((bills, np.ones(bills.size)), (days, exponents)) @ weights
        own = weights @ self._covariance((days, exponents), (days, exponents)) @ weights
        return 1.0 - math.sqrt(max(unhedged - 2.0 * cross + own, 0.0) / unhedged)

    @staticmethod
    def _days(month):
        return np.arange((month - 1) * MONTH + 1, month * MONTH + 1)

    def _gain_terms(self, made):
        """Days, exponents and weights of the year's gains."""
        days, exponents, weights = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
        for day, month, lots in made:
            fixed = self._days(month)
            ahead = (fixed - day) * DT
            days += [fixed, np.full(MONTH, day)]
            exponents += [np.ones(MONTH), np.exp(-self.spot.kappa * ahead)]
            weights += [np.full(MONTH, lots / MONTH), -lots / MONTH * self._moment(np.ones(MONTH), ahead)]
        return np.concatenate(days), np.concatenate(exponents), np.concatenate(weights)

    def _moment(self, a, tau):
        return self.spot.exponential_moment(a, tau, 0.0)

    def _covariance(self, one, other):
        """Cov of e^(a x_s) and e^(b x_t) for all pairs."""
        s, a = (part[:, None] for part in one)
        t, b = (part[None, :] for part in other)
        early, late = np.minimum(s, t), np.maximum(s, t)
        first, last = np.where(s <= t, a, b), np.where(s <= t, b, a)
        apart = (late - early) * DT
        kept = np.exp(-self.spot.kappa * apart)
        both = self._moment(first + last * kept, early * DT) * self._moment(last, apart)
        return both - self._moment(a, s * DT) * self._moment(b, t * DT)

    def _basis_part(self, days):
        """What a basis of mean one, started at zero, adds to the covariance of daily prices."""
        if self.basis_sd == 0.0:
            return 0.0
        s, t = days[:, None] * DT, days[None, :] * DT
        k = self.basis_kappa
        covariance = self.basis_sd**2 * (np.exp(-k * np.abs(s - t)) - np.exp(-k * (s + t)))
        ones = np.ones(days.size)
        product = self._covariance((days, ones), (days, ones)) + np.outer(
            self._moment(ones, days * DT), self._moment(ones, days * DT)
        )
        return product * np.expm1(covariance)

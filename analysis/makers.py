"""What the market makers of a run did for their contract: presence, duty, pay."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm.core.calendar import TradingCalendar
from abm.core.money import USD_MICRO
from abm.recording.metrics import ratio


class MakerDuty(NamedTuple):
    """How the makers kept their contract; shares are NaN where nobody was under it.

    Parameters
    ----------
    makers, lost : int
        Makers, and those among them that lost the status before the run ended.
    days, days_met : int
        Days under contract of all makers, and those of them on which the duty was met.
    presence, spread_compliance, size_compliance : float
        Mean over those days of the share of listed months and rounds with a two-sided quote, with one inside
        the widest spread, and with one of at least the smallest size.
    months, months_paid : int
        Delivery months that ended for a maker under contract, and those of them that brought pay.
    pay_usd : float
        Pay in all.
    """

    makers: int
    lost: int
    days: int
    days_met: int
    presence: float
    spread_compliance: float
    size_compliance: float
    months: int
    months_paid: int
    pay_usd: float

    @property
    def met_share(self) -> float:
        """Share of the days under contract on which the duty was met."""
        return ratio(self.days_met, self.days)


def maker_duty(dmm: pd.DataFrame, calendar: TradingCalendar) -> MakerDuty:
    """Return how the makers kept their contract.

    Parameters
    ----------
    dmm : DataFrame
        The table of that name, or the rows of some makers.
    calendar : TradingCalendar
        Of the run.
    """
    asked = dmm[dmm["under_contract"].astype(bool)]
    last_days = asked["day"].map(calendar.is_last_day_of_month).astype(bool)
    at_the_end = dmm[dmm["day"] == dmm["day"].max()]
    shares = {
        name: float(asked[name].mean()) if len(asked) else math.nan
        for name in ("presence", "spread_compliance", "size_compliance")
    }
    return MakerDuty(
        makers=dmm["account"].nunique(),
        lost=int((~at_the_end["under_contract"].astype(bool)).sum()),
        days=len(asked),
        days_met=int(asked["obligation_met"].sum()),
        **shares,
        months=int(last_days.sum()),
        months_paid=int((asked.loc[last_days, "pay_usd_micro"] > 0).sum()),
        pay_usd=float(dmm["pay_usd_micro"].sum()) / USD_MICRO,
    )


def duty_by_maker(dmm: pd.DataFrame, calendar: TradingCalendar) -> dict[int, MakerDuty]:
    """Return how each maker kept its contract, by account in order of its number."""
    return {
        int(account): maker_duty(dmm[dmm["account"] == account], calendar)
        for account in np.unique(dmm["account"])
    }

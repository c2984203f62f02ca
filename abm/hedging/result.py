"""What a hedging study found, path by path, and the measures of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.hedging import measures
from abm.hedging.account import NEVER
from abm.hedging.frictions import LIQUIDITY_CONVENTIONS, Liquidity
from abm.hedging.study_terms import StudyTerms
from abm.spot.process.domain import require

Period = Literal["year", "month"]


@dataclass(frozen=True)
class ProgrammeResult:
    """One programme on all paths.

    Attributes
    ----------
    name : str
        As in the study.
    bill_usd : array of float, shape (months, paths)
        What each month cost in the end: the bill less gains, plus spread, fees and funding.
    gain_usd : array of float, shape (months, paths)
        Gains of each month's contract at curve prices, booked in the contract's month.
    premium_usd : array of float, shape (months, paths)
        What was paid for the contracts beyond their expected settlement (it is inside the gains); of a
        provider's plan what it asks beyond the curve, of committed spend what it costs beyond list price.
    spread_usd : array of float, shape (months, paths)
        Half spreads, in the contract's month.
    fees_usd, funding_usd : array of float, shape (months, paths)
        In the month in which they were paid.
    lots_at_delivery : array of float, shape (months, paths)
        Position carried into final settlement.
    roll_usd : array of float, shape (paths,)
        Spread and fees of moving lots from one month to another, a part of both.
    peak_usd : dict of Liquidity to array of float, shape (paths,)
        Largest need of cash by convention, as if money never ended.
    variation_usd, margin_usd : array of float32, shape (closes, paths)
        Variation margin received so far and initial margin at marks, as if money never ended; no rows where
        nothing is traded.
    short_day, given_up_day : array of int, shape (paths,)
        Day on which cash and credit were first not enough, and day on which the hedge was given up; -1 never.
    """

    name: str
    bill_usd: FloatArray
    gain_usd: FloatArray
    premium_usd: FloatArray
    spread_usd: FloatArray
    fees_usd: FloatArray
    funding_usd: FloatArray
    lots_at_delivery: FloatArray
    roll_usd: FloatArray
    peak_usd: dict[Liquidity, FloatArray]
    variation_usd: NDArray[np.float32]
    margin_usd: NDArray[np.float32]
    short_day: NDArray[np.int64]
    given_up_day: NDArray[np.int64]


@dataclass(frozen=True)
class HedgeResult:
    """What a study found.

    Attributes
    ----------
    study : StudyTerms
        What was asked.
    event_days : array of int, shape (closes,)
        Days whose close was looked at.
    need_msit, bill_usd : array of float, shape (months, paths)
        What was needed, and what it cost without a hedge.
    expected_bill_usd : array of float, shape (months, paths)
        Expected need times the price expected on day 0: what surprises are measured against.
    programmes : dict of str to ProgrammeResult
        By name, the benchmark ``none`` among them.
    """

    study: StudyTerms
    event_days: NDArray[np.int64]
    need_msit: FloatArray
    bill_usd: FloatArray
    expected_bill_usd: FloatArray
    programmes: dict[str, ProgrammeResult]

    def __getitem__(self, name: str) -> ProgrammeResult:
        if name not in self.programmes:
            raise ParameterError(f"programme: {name!r} is not one of {', '.join(self.programmes)}")
        return self.programmes[name]

    def yearly(self, by_month: FloatArray) -> FloatArray:
        """Return sums over the years of the study, shape (years, paths); the last may be a part of one."""
        years = self.study.listing.study_years
        sums: FloatArray = np.stack([by_month[year].sum(axis=0) for year in years])
        return sums

    def across_paths(self, name: str, period: Period = "year") -> list[measures.Reduction]:
        """Return volatility and variance reduction over paths, for each year or month of the study.

        The standard deviation runs over many futures of one year's (or month's) bill: what a treasurer means
        by risk. It is not what ``within_a_path`` measures.
        """
        require(period in ("year", "month"), "period", period, "year or month")
        hedged, bare = self[name].bill_usd, self.bill_usd
        if period == "year":
            hedged, bare = self.yearly(hedged), self.yearly(bare)
        return measures.reductions(hedged, bare)

    def within_a_path(self, name: str) -> FloatArray:
        """Return volatility reduction over the months of each path, shape (paths,).

        The standard deviation runs over the months of one run, of the bill's surprise as a share of the bill
        expected on day 0 for the expected need. It is not what ``across_paths`` measures.
        """
        return measures.volatility_reduction_within(
            self[name].bill_usd, self.bill_usd, self.expected_bill_usd
        )

    def horizon_bill(self, name: str) -> FloatArray:
        """Return the bill of the whole horizon on each path, shape (paths,)."""
        bill: FloatArray = self[name].bill_usd.sum(axis=0)
        return bill

    def effectiveness(self, name: str, period: Period = "year") -> dict[str, float]:
        """Return what auditors ask: R2 and slope of bills on gains, and the dollar offset, over the paths.

        Means over years, or over months with a need.
        """
        require(period in ("year", "month"), "period", period, "year or month")
        gain, bill, expected = self[name].gain_usd, self.bill_usd, self.expected_bill_usd
        if period == "year":
            gain, bill, expected = (self.yearly(part) for part in (gain, bill, expected))
        rows = [row for row in range(len(bill)) if expected[row].any()]
        squares = [measures.r_squared(gain[row], bill[row]) for row in rows]
        slopes = [measures.regression_slope(gain[row], bill[row]) for row in rows]
        offsets = [measures.dollar_offset(gain[row], bill[row] - expected[row]) for row in rows]
        return {
            "r_squared": _mean(squares),
            "slope": _mean(slopes),
            "dollar_offset_median": _mean([offset.median for offset in offsets]),
            "dollar_offset_in_band": _mean([offset.share_in_band for offset in offsets]),
        }

    def peak_liquidity_usd(
        self, name: str, confidence: float, convention: Liquidity = "margin_at_marks"
    ) -> float:
        """Return the quantile over paths of the largest need of cash, by a named convention."""
        require(0.0 <= confidence <= 1.0, "confidence", confidence, "in [0, 1]")
        return float(np.quantile(self._peak(name, convention), confidence))

    def run_out_share(
        self,
        name: str,
        cash_usd: float,
        convention: Liquidity = "margin_at_marks",
        *,
        at_least: bool = False,
    ) -> float:
        """Return the share of paths whose need of cash is more than ``cash_usd`` at some close.

        Costs of trading are not counted; ``ProgrammeResult.short_day`` counts them for the cash and credit of
        the study. With ``at_least`` a need of exactly ``cash_usd`` counts too, to a millionth of a dollar.
        """
        peak = self._peak(name, convention)
        rounding = -1e-6 if at_least else 1e-6
        return float((peak - cash_usd > rounding).mean())

    def out_of_money_share(self, name: str) -> float:
        """Return the share of paths on which the study's cash and credit were not enough."""
        return float((self[name].short_day != NEVER).mean())

    def abandonment_share(self, name: str) -> float:
        """Return the share of paths on which the hedge was given up."""
        return float((self[name].given_up_day != NEVER).mean())

    def cost_usd(self, name: str) -> dict[str, float]:
        """Return what the hedge cost on average over the horizon, by kind.

        ``spread`` and ``fees`` are without what rolling took of them, so that the parts add up to ``total``.
        The premium is what was paid beyond the expected settlement; what prices did is no cost.
        """
        mine = self[name]
        paid = {
            part: float(getattr(mine, f"{part}_usd").sum(axis=0).mean())
            for part in ("premium", "spread", "fees", "funding")
        }
        roll, trading = float(mine.roll_usd.mean()), paid["spread"] + paid["fees"]
        share = roll / trading if trading > 0.0 else 0.0
        paid["spread"], paid["fees"] = paid["spread"] * (1.0 - share), paid["fees"] * (1.0 - share)
        return {**paid, "roll": roll, "total": sum(paid.values()) + roll}

    def summary(self) -> pd.DataFrame:
        """Return one row a programme: bills, both measures, worst cases, cash, costs and effectiveness.

        Money in USD over the horizon; volatility reductions of years and months are means over them, and
        ``none`` reduces nothing: 0, never NaN.
        """
        return pd.DataFrame([self._row(name) for name in self.programmes]).set_index("programme")

    def write(
        self,
        folder: str | Path,
        *,
        advice: Mapping[str, Any] | None = None,
        question: Sequence[Sequence[str]] | None = None,
        command: str | None = None,
        checks: Mapping[str, pd.DataFrame] | None = None,
    ) -> Path:
        """Write the result as a run folder of kind ``hedge`` and return where it stands.

        Parameters
        ----------
        folder : str or Path
            Wanted place; where there is something the next free name is taken, ``NAME-2`` onward.
        advice : mapping, optional
            ``programme`` and ``runner_up`` (or None), by name; ``confidence``, between 0 and 1; ``money_usd``
            that there is for margin (None: no limit); ``sentences`` of the answer.
        question : sequence of (label, text), optional
            What was asked.
        command : str, optional
            Command that makes this result again.
        checks : mapping of str to DataFrame, optional
            Tables ``limits`` and ``in_market``, see ``abm.recording.OPTIONAL_TABLES``.

        Raises
        ------
        ParameterError
            If something given is not what it must be, in one line.
        RunFolderError
            If the folder cannot be written, in one line with its path.
        """
        from abm.hedging.recording import write_result  # Parquet is not for those who only ask

        return write_result(self, folder, advice=advice, question=question, command=command, checks=checks)

    def _peak(self, name: str, convention: Liquidity) -> FloatArray:
        allowed = f"one of {', '.join(LIQUIDITY_CONVENTIONS)}"
        require(convention in LIQUIDITY_CONVENTIONS, "convention", convention, allowed)
        return self[name].peak_usd[convention]

    def _row(self, name: str) -> dict[str, float | str]:
        bill = self.horizon_bill(name)
        years, months = self.across_paths(name), self.across_paths(name, "month")
        within = self.within_a_path(name)
        audit = self.effectiveness(name)
        nothing = name == "none"

        def reduced(values: list[float]) -> float:
            return 0.0 if nothing else _mean(values)

        row: dict[str, float | str] = {
            "programme": name,
            "mean_bill_usd": float(bill.mean()),
            **{f"bill_{q}_usd": float(np.quantile(bill, q / 100)) for q in (5, 50, 95, 99)},
            **{f"cfar_{q}_usd": measures.cash_flow_at_risk(bill, q / 100) for q in (95, 99)},
            "volatility_reduction_across_years": reduced([one.volatility for one in years]),
            "variance_reduction_across_years": reduced([one.variance for one in years]),
            "volatility_reduction_across_months": reduced([one.volatility for one in months]),
            "variance_reduction_across_months": reduced([one.variance for one in months]),
            "volatility_reduction_within_mean": 0.0 if nothing else _mean(within.tolist()),
            "volatility_reduction_within_median": 0.0 if nothing else _median(within),
            "r_squared_years": 0.0 if nothing else audit["r_squared"],
            "dollar_offset_median": 0.0 if nothing else audit["dollar_offset_median"],
            "dollar_offset_in_band": 0.0 if nothing else audit["dollar_offset_in_band"],
        }
        for convention in LIQUIDITY_CONVENTIONS:
            peak = self._peak(name, convention)
            row |= {f"peak_{convention}_{q}_usd": float(np.quantile(peak, q / 100)) for q in (50, 95, 99)}
        row |= {"out_of_money_share": self.out_of_money_share(name)}
        row |= {"abandonment_share": self.abandonment_share(name)}
        row |= {f"cost_{part}_usd": value for part, value in self.cost_usd(name).items()}
        return row


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else math.nan

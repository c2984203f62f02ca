"""Mesa's data collector, as a market that closes once in many steps needs it."""

from __future__ import annotations

import math
from typing import Any

import mesa
import pandas as pd


def daily_collector(collector: mesa.DataCollector) -> mesa.DataCollector:
    """Return a collector that ``mesa.batch_run`` can read though it collects at the close of a day only.

    Mesa from 3.5 on takes down the steps at which it collected. Before, ``batch_run`` looks for row k of step
    k: there a plain collector becomes a :class:`DailyCollector`. One of a class of the user's own is left
    alone.
    """
    if type(collector) is mesa.DataCollector and not hasattr(collector, "_collection_steps"):
        collector.__class__ = DailyCollector
        collector.closes = []
        collector._agent_records = LastRecords(collector._agent_records)
    return collector


class DailyCollector(mesa.DataCollector):  # type: ignore[misc]
    """Repeats the last close in every step, so that row k of ``model_vars`` is what was known after step k.

    The data frame of the model has one row a close, as with any collector that collects at the close.

    Attributes
    ----------
    closes : list of int
        Rows of ``model_vars`` that were collected.
    """

    closes: list[int]

    def collect(self, model: Any) -> None:
        """Collect a close."""
        self.hold(model.steps - 1)
        self.closes.append(max((len(values) for values in self.model_vars.values()), default=0))
        super().collect(model)

    def hold(self, steps: int) -> None:
        """Repeat the last close until there is a row for each step; before the first it is no number."""
        for values in self.model_vars.values():
            values.extend([values[-1] if values else math.nan] * (steps - len(values)))

    def get_model_vars_dataframe(self) -> pd.DataFrame:
        """Return one row a close and one column a reporter."""
        frame: pd.DataFrame = super().get_model_vars_dataframe()
        return frame.iloc[self.closes].reset_index(drop=True).infer_objects()


class LastRecords(dict[int, Any]):
    """Agents' records by step, where one looks up the step before the one that was counted."""

    def get(self, step: int, default: Any = None) -> Any:
        """Return the records of the last close up to the end of a step, which Mesa counts from zero here."""
        return self[max(earlier)] if (earlier := [key for key in self if key <= step + 1]) else default

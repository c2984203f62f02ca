"""Populations whose traders carry an opinion that spreads among them."""

from __future__ import annotations

from typing import Any, ClassVar

from abm.agents.base.population import Population
from abm.agents.base.view import MarketView
from abm.agents.sentiment.herding import Herd


class OpinionCarriers(Population):
    """Traders who may have a column ``tilt``, what an opinion does to their decisions; 0 without a herd."""

    derived_columns: ClassVar[tuple[str, ...]] = ("tilt",)
    tilts_belief: ClassVar[bool] = True
    """Whether an opinion shifts the price a trader believes in; else it tilts the odds of buying."""
    herd: Herd | None = None
    first_in_herd: int = 0

    @property
    def carries_opinion(self) -> bool:
        """Whether this class has a use for an opinion."""
        return "tilt" in (self.columns.dtype.names or ())

    def join(self, herd: Herd, first: int) -> None:
        """Follow a herd in which this population's first trader has number ``first``."""
        self.herd, self.first_in_herd = herd, first

    def form_opinions(self, view: MarketView) -> None:
        """Let opinions spread up to this round and take their tilts over."""
        if self.herd is None:
            return
        self.herd.step(view.day, view.round, view.day_share)
        rule = self.herd.rule
        weight = rule.strength * (rule.belief_shift if self.tilts_belief else 1.0)
        mine = slice(self.first_in_herd, self.first_in_herd + self.count)
        self.columns["tilt"] = weight * self.herd.opinion[mine]

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams, limits and the herd into a running hash; a tilt follows from its opinion."""
        super().update_digest(digest)
        if self.herd is not None:
            self.herd.update_digest(digest)

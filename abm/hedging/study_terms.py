"""What a hedging study is about: prices, need, programmes, frictions, and how many paths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, get_args

import numpy as np

from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams
from abm.hedging.frictions import Frictions
from abm.hedging.listing import Listing
from abm.hedging.need import Need, ProviderBasis
from abm.hedging.paths import with_foreseen_level
from abm.hedging.plan import trading_days
from abm.hedging.programmes import FuturesHedge
from abm.hedging.shifts import LevelMoves
from abm.hedging.walk import Ground
from abm.hedging.words import Hedge, parse_programme
from abm.spot.process.domain import require
from abm.spot.process.process import SpotProcess

LONGEST_MARK_DAYS = 5
"""Most days between marks; judgement: a trading week."""
MOST_BYTES = 8 * 2**30
"""Largest result, judgement: what a study of more paths would need is not there on most machines."""
NO_HEDGE: Literal["none"] = "none"


@dataclass(frozen=True)
class StudyTerms:
    """Terms of a study, as its result states them; see ``HedgeStudy`` for each of them."""

    process: SpotProcess
    programmes: Iterable[str | Hedge] = ("layered",)
    need: Need | float = 1_000.0
    basis: ProviderBasis = ProviderBasis()  # noqa: RUF009
    listing: Listing = Listing()  # noqa: RUF009
    shifts: LevelMoves | None = None
    frictions: Frictions = Frictions()  # noqa: RUF009
    paths: int = 10_000
    seed: int = 1
    mark_every_days: int = LONGEST_MARK_DAYS
    name: str = "hedge study"
    hedges: tuple[Hedge, ...] = field(init=False)

    def __post_init__(self) -> None:
        require(
            isinstance(self.process, SpotProcess), "process", type(self.process).__name__, "a SpotProcess"
        )
        for name, highest in (("paths", 10_000_000), ("mark_every_days", LONGEST_MARK_DAYS)):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            require(whole and 1 <= value <= highest, name, value, f"a whole number in [1, {highest}]")
        RandomStreams(self.seed)
        if not isinstance(self.need, Need):
            object.__setattr__(self, "need", Need(self.need))
        self.demand.by_month(self.listing)
        hedges = _named(self.programmes)
        for hedge in hedges:
            if isinstance(hedge, FuturesHedge):
                _require_terms(hedge, self.listing, self.process.kappa)
        object.__setattr__(self, "programmes", tuple(hedge.name for hedge in hedges))
        object.__setattr__(self, "hedges", hedges)
        room = self.room_bytes
        most = int(self.paths * MOST_BYTES / room)
        gigabytes = MOST_BYTES / 2**30
        allowed = f"at most {most}: results of {len(hedges)} programmes take {gigabytes:g} GiB then"
        require(room <= MOST_BYTES, "paths", self.paths, allowed)

    def replace(self, **changes: Any) -> Self:
        """Return a study with other values in some fields."""
        kept = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        return type(self)(**(kept | {"programmes": self.hedges} | changes))

    @property
    def demand(self) -> Need:
        """The need, a number turned into one."""
        assert isinstance(self.need, Need), "set at construction"
        return self.need

    @property
    def room_bytes(self) -> int:
        """What the arrays of a result take: by month eight a programme, by close two of four bytes each."""
        months = self.listing.horizon_months
        closes = len(self.ground().event_days)
        by_path = len(self.hedges) * (8 * 8 * months + 2 * 4 * closes + 7 * 8) + 3 * 8 * months
        return int(self.paths) * by_path

    def ground(self) -> Ground:
        """Return what all paths have in common: listing, frictions, expected need, days to look at."""
        trading: set[int] = {0}
        for hedge in self.hedges:
            if isinstance(hedge, FuturesHedge):
                trading |= trading_days(hedge, self.listing, self.frictions.ramp_days)
        return Ground(
            process=with_foreseen_level(self.process, self.shifts),
            listing=self.listing,
            moves=self.shifts,
            frictions=self.frictions,
            basis=self.basis,
            need_msit=self.demand.by_month(self.listing),
            mark_every_days=int(self.mark_every_days),
            event_days=self.listing.event_days(int(self.mark_every_days), trading),
        )


def _require_terms(hedge: FuturesHedge, listing: Listing, kappa: float) -> None:
    """Refuse a programme that needs months which are not listed, by its name."""
    try:
        hedge.terms(listing, kappa)
    except ParameterError as error:
        raise ParameterError(f"programme {hedge.name!r}: {error}") from None


def _named(programmes: Iterable[str | Hedge]) -> tuple[Hedge, ...]:
    """Return the programmes, the benchmark first, each name once."""
    if isinstance(programmes, str):
        programmes = programmes.split(",")
    hedges: dict[str, Hedge] = {NO_HEDGE: FuturesHedge(NO_HEDGE)}
    for given in programmes:
        hedge = parse_programme(given) if isinstance(given, str) else given
        require(
            isinstance(hedge, get_args(Hedge)), "programmes", type(hedge).__name__, "a word or a programme"
        )
        if hedge.name in hedges and hedge != hedges[hedge.name]:
            raise ParameterError(f"programmes: two are called {hedge.name!r}: give each a name of its own")
        hedges[hedge.name] = hedge
    return tuple(hedges.values())

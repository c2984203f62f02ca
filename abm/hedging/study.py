"""A hedging study: one company, many price paths, several programmes side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams
from abm.hedging.account import NEVER, MarginAccount
from abm.hedging.alternatives import CommittedSpend, FixedPrice
from abm.hedging.frictions import LIQUIDITY_CONVENTIONS
from abm.hedging.need import Consumption, consume
from abm.hedging.paths import PricePaths, simulate_paths
from abm.hedging.programmes import CustomHedge, FuturesHedge
from abm.hedging.result import HedgeResult, ProgrammeResult
from abm.hedging.study_terms import NO_HEDGE, StudyTerms
from abm.hedging.walk import Ground, expected_unit_costs, walk
from abm.hedging.words import Hedge
from abm.spot.process.domain import require

if TYPE_CHECKING:
    from abm.scenario import Scenario


BLOCK_PATHS = 2_500
"""Paths walked at a time: their arrays stay in the cache, and memory does not grow with their number."""


@dataclass(frozen=True)
class HedgeStudy(StudyTerms):
    """What hedge programmes do for one company, over many paths of the spot price.

    Parameters
    ----------
    process : SpotProcess
        Spot price; its level begins on day 0.
    programmes : iterable of str or programme
        Words (see ``parse_programme``) or ``FuturesHedge``, ``CustomHedge``, ``FixedPrice`` and
        ``CommittedSpend``. ``none``, the benchmark, is always there.
    need : Need or float
        Expected mSIT of each month, and quantity risk.
    basis : ProviderBasis
        The own provider's price.
    listing : Listing
        Horizon, listed months, calendar, contract.
    shifts : FixedShift or RandomShifts, optional
        Shifts of the price level.
    frictions : Frictions
        Costs, margin and money.
    paths : int
        Number of paths.
    seed : int
        Of every draw. More paths keep those that there were, in whole blocks of ``BLOCK_PATHS``.
    mark_every_days : int
        Days between marks, 1 to 5; beginnings and ends of months and trading days are looked at too.
    name : str
        What the study is called in its folder.

    Raises
    ------
    ParameterError
        If an argument is outside its domain, before any work.

    Examples
    --------
    >>> study = HedgeStudy.from_scenario("demand_explosion", ["layered", "strip:0.8"], paths=500)
    >>> sorted(study.run().programmes)
    ['layered', 'none', 'strip:0.8']
    """

    @classmethod
    def from_scenario(
        cls, scenario: str | Scenario, programmes: Iterable[str | Hedge] | None = None, **changes: Any
    ) -> HedgeStudy:
        """Return the study of a typical enterprise of a scenario; see :mod:`abm.hedging.from_scenario`.

        Parameters
        ----------
        scenario : str or Scenario
            A packaged name, a TOML path, or a scenario.
        programmes : iterable of str or programme, optional
            What to compare; the scenario's own programme by default.
        **changes
            Fields of the study that take the place of the scenario's, and ``horizon_months``.
        """
        from abm.hedging.from_scenario import study_terms  # pydantic is not for those who bring a process

        terms = study_terms(scenario, horizon_months=changes.pop("horizon_months", None))
        if programmes is not None:
            terms["programmes"] = programmes
        known = {item.name for item in fields(cls) if item.init}
        for name in changes:
            if name not in known:
                raise ParameterError(f"{name}: not one of {', '.join(sorted(known))}, horizon_months")
        return cls(**(terms | changes))

    @classmethod
    def of(cls, terms: StudyTerms, **changes: Any) -> HedgeStudy:
        """Return the study of these terms, as a result states them, with other values in some fields.

        Parameters
        ----------
        terms : StudyTerms
            Of a study.
        **changes
            Fields that change.
        """
        kept = {item.name: getattr(terms, item.name) for item in fields(terms) if item.init}
        return cls(**(kept | {"programmes": terms.hedges} | changes))

    def run(
        self,
        market: PricePaths | None = None,
        used: Consumption | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> HedgeResult:
        """Simulate, hedge, and return what came of it.

        Parameters
        ----------
        market : PricePaths, optional
            Paths to replay (see ``observed_paths``) instead of simulating.
        used : Consumption, optional
            Needs and bills on those paths; drawn as in the study by default.
        progress : callable, optional
            Told after each block how many paths are done, and of how many.

        Raises
        ------
        ParameterError
            If what is given does not fit the study, or a callable's targets do not.
        """
        ground = self.ground()
        count = self.paths if market is None else market.count
        if market is not None:
            days = self.listing.last_day + 1
            require(len(market.x) == days, "market", f"paths of {len(market.x)} days", f"of {days} days")
        if used is not None:
            require(market is not None, "used", "given alone", "for paths that are given too")
            wanted = (self.listing.horizon_months, count)
            for name, array in used._asdict().items():
                require(array.shape == wanted, f"used.{name}", f"of shape {array.shape}", f"{wanted}")
        room = _Room(self, ground, count)
        for number, first in enumerate(range(0, count, BLOCK_PATHS)):
            block = slice(first, min(first + BLOCK_PATHS, count))
            self._run_block(ground, room, number, block, market, used)
            if progress is not None:
                progress(block.stop, count)
        return room.result()

    def _run_block(
        self,
        ground: Ground,
        room: _Room,
        number: int,
        block: slice,
        market: PricePaths | None,
        used: Consumption | None,
    ) -> None:
        streams = RandomStreams(self.seed)

        def stream(name: str) -> np.random.Generator:
            return streams.generator("hedging", name, number)

        if market is None:
            count = block.stop - block.start
            paths = simulate_paths(
                ground.process, ground.listing, ground.moves, count, stream("spot"), stream("shifts")
            )
        else:
            paths = market.block(block)
        if used is None:
            mine = consume(
                paths, ground.listing, ground.need_msit, self.demand.risk, ground.basis,
                stream("need"), stream("basis"),
            )  # fmt: skip
        else:
            mine = Consumption(used.need_msit[:, block], used.bill_usd[:, block])
        budget, at_start = expected_unit_costs(ground, paths)
        room.add_bills(block, mine, budget * ground.need_msit[:, None])
        futures = [hedge for hedge in self.hedges if isinstance(hedge, FuturesHedge | CustomHedge)]
        futures = [hedge for hedge in futures if hedge.name != NO_HEDGE]
        limited = self.frictions.is_limited
        runs = [(hedge, False) for hedge in futures] + [(hedge, True) for hedge in futures if limited]
        accounts = walk(ground, runs, paths, mine, budget * ground.need_msit[:, None])
        for (trader, ends), account in zip(runs, accounts, strict=True):
            room.add_account(trader.name, block, account, ends=ends)
        years = self.listing.study_years
        for hedge in self.hedges:
            if isinstance(hedge, FixedPrice | CommittedSpend):
                bill = hedge.bills(mine, at_start, ground.need_msit, years)
                room.add_bill(hedge.name, block, bill, hedge.premium(bill, mine))


class _Room:
    """Arrays of all paths, filled block by block."""

    def __init__(self, study: HedgeStudy, ground: Ground, count: int) -> None:
        self._study, self._ground = study, ground
        months, closes = ground.listing.horizon_months, len(ground.event_days)
        by_month = (months, count)
        self.need, self.bill, self.budget = np.empty(by_month), np.empty(by_month), np.empty(by_month)
        self.programmes: dict[str, ProgrammeResult] = {}
        for hedge in study.hedges:
            trades = isinstance(hedge, FuturesHedge | CustomHedge) and hedge.name != NO_HEDGE
            rows = closes if trades else 0
            self.programmes[hedge.name] = ProgrammeResult(
                name=hedge.name,
                bill_usd=np.zeros(by_month),
                gain_usd=np.zeros(by_month),
                premium_usd=np.zeros(by_month),
                spread_usd=np.zeros(by_month),
                fees_usd=np.zeros(by_month),
                funding_usd=np.zeros(by_month),
                lots_at_delivery=np.zeros(by_month),
                roll_usd=np.zeros(count),
                peak_usd={name: np.zeros(count) for name in LIQUIDITY_CONVENTIONS},
                variation_usd=np.zeros((rows, count), dtype=np.float32),
                margin_usd=np.zeros((rows, count), dtype=np.float32),
                short_day=np.full(count, NEVER),
                given_up_day=np.full(count, NEVER),
            )

    def add_bills(self, block: slice, used: Consumption, budget_usd: FloatArray) -> None:
        self.need[:, block], self.bill[:, block] = used
        self.budget[:, block] = budget_usd
        if NO_HEDGE in self.programmes:
            self.programmes[NO_HEDGE].bill_usd[:, block] = used.bill_usd

    def add_bill(self, name: str, block: slice, bill_usd: FloatArray, premium_usd: FloatArray) -> None:
        self.programmes[name].bill_usd[:, block] = bill_usd
        self.programmes[name].premium_usd[:, block] = premium_usd

    def add_account(self, name: str, block: slice, account: MarginAccount, *, ends: bool) -> None:
        """Take bills and costs from the account that money can end, peaks from the one it cannot."""
        mine = self.programmes[name]
        limited = self._study.frictions.is_limited
        if not ends:
            for convention, peak in account.peak_usd.items():
                mine.peak_usd[convention][block] = peak
            if len(mine.variation_usd):
                mine.variation_usd[:, block] = account.variation_usd
                mine.margin_usd[:, block] = account.margin_usd
        if ends == limited:
            for part in ("gain_usd", "premium_usd", "spread_usd", "fees_usd", "funding_usd"):
                getattr(mine, part)[:, block] = getattr(account, part)[1:]
            mine.lots_at_delivery[:, block] = account.lots_at_delivery[1:]
            mine.roll_usd[block] = account.roll_usd
            mine.short_day[block], mine.given_up_day[block] = account.short_day, account.given_up_day
            mine.bill_usd[:, block] = (
                self.bill[:, block]
                - account.gain_usd[1:]
                + account.spread_usd[1:]
                + account.fees_usd[1:]
                + account.funding_usd[1:]
            )

    def result(self) -> HedgeResult:
        return HedgeResult(
            study=self._study,
            event_days=np.array(self._ground.event_days),
            need_msit=self.need,
            bill_usd=self.bill,
            expected_bill_usd=self.budget,
            programmes=self.programmes,
        )

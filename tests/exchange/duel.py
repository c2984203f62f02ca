"""Two exchanges, side by side, that must stay the same whatever they are sent."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from random_streams import N_ACCOUNTS, N_SLOTS, Flow, messages

from abm.core.errors import ParameterError
from abm.core.orders import CancelCause, MessageKind, RejectReason, TradingPhase

ORDINARY = (MessageKind.LIMIT, MessageKind.MARKET, MessageKind.STOP, MessageKind.STOP_LIMIT)
AUCTION, CONTINUOUS, HALT = (int(TradingPhase[name]) for name in ("AUCTION", "CONTINUOUS", "HALT"))


class Duel:
    """Calls both engines, compares what they return, and keeps account of what happened."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second
        self.reasons: set[RejectReason] = set()
        self.causes: set[CancelCause] = set()
        self.accepted_kinds: set[MessageKind] = set()
        self.n_trades = 0
        self.n_spread_trades = 0
        self.n_auction_trades = 0

    def both(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of both, assert equal results or equal refusals, and return one."""
        one, other = (_call(engine, method, *arguments, **named) for engine in (self.first, self.second))
        if isinstance(one, ParameterError) or isinstance(other, ParameterError):
            assert type(one) is type(other), f"{method}: {one!r}, {other!r}"
            return None
        parts = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
        for mine, its in parts:
            assert np.array_equal(mine, its), f"{method} differs:\n{mine}\n{its}"
        if method in ("cancel_account", "expire_month", "close_day", "open_day"):
            self._see_cancellations(one)
        return one

    def match(self, batch: NDArray[np.void]) -> Any:
        """Send a batch to both."""
        result = self.both("match", batch)
        self._see(result)
        accepted = result.outcomes["reason"] == RejectReason.NONE
        self.reasons.update(RejectReason(reason) for reason in set(result.outcomes["reason"].tolist()))
        self.accepted_kinds.update(MessageKind(kind) for kind in set(batch["kind"][accepted].tolist()))
        ordinary = accepted & np.isin(batch["kind"], [*ORDINARY, MessageKind.MODIFY])
        fates = sum(result.outcomes[name] for name in ("filled_lots", "resting_lots", "cancelled_lots"))
        assert np.array_equal(fates[ordinary], batch["lots"][ordinary])
        return result

    def uncross(self, months: list[int]) -> Any:
        """End auctions on both."""
        result = self.both("uncross", np.array(months, dtype=np.int64))
        if result is not None:
            self._see(result)
        return result

    def compare_books(self) -> None:
        """Assert equal books, tops, depths, quotes and digests, and that each engine's own check passes."""
        resting = self.both("resting_orders")
        top = self.both("top_of_book")
        assert np.array_equal(top.phase, self.first.phases)
        self.both("spread_top")
        n_accounts = self.first.n_accounts
        self.both("own_quotes", 0, n_accounts)
        self.both("own_quotes", 1, n_accounts - 1)
        for account in range(0, n_accounts, 3):
            self.both("open_orders", account)
        for month, spread_months in {(int(o["month"]), int(o["spread_months"])) for o in resting}:
            self.both("depth", month, 3, spread_months)
        self.first.check()
        self.second.check()
        digests = [hashlib.sha256(), hashlib.sha256()]
        self.first.update_digest(digests[0])
        self.second.update_digest(digests[1])
        assert digests[0].digest() == digests[1].digest()

    def _see(self, result: Any) -> None:
        self.n_trades += len(result.trades)
        self.n_spread_trades += int(np.count_nonzero(result.trades["spread_months"]))
        self.n_auction_trades += int(np.count_nonzero(result.trades["aggressor_side"] == 0))
        assert np.all(result.trades["buyer"] != result.trades["seller"])
        self._see_cancellations(result.cancellations)
        for name in ("position_lots", "open_order_lots", "phases"):
            mine, its = getattr(self.first, name), getattr(self.second, name)
            assert np.array_equal(mine, its), f"{name} differs:\n{mine}\n{its}"

    def _see_cancellations(self, cancellations: NDArray[np.void]) -> None:
        self.causes.update(CancelCause(cause) for cause in set(cancellations["cause"].tolist()))


def _call(engine: Any, method: str, *arguments: Any, **named: Any) -> Any:
    try:
        return getattr(engine, method)(*arguments, **named)
    except ParameterError as error:
        return error


class Days:
    """Days of three months on both engines: phases, auctions, ranges, expiries, comparing all the way."""

    def __init__(self, duel: Duel, seed: int, *, flow: Flow | None = None, calm: bool = False) -> None:
        self.duel = duel
        self.rng = np.random.default_rng(seed)
        self.flow = flow or Flow()
        self.calm = calm
        """Whether months only trade continuously."""
        self.first_month = int(self.rng.integers(0, 9))
        self.next_id = 1_000
        self.today = 10
        self.middle = 500

    def trade(self, n_days: int, n_messages: int, n_batches: int = 12) -> Duel:
        """Trade some days of a number of messages each."""
        for day in range(n_days):
            self.middle = int(self.rng.integers(-30, 30)) if day % 3 == 2 else 500
            self.open()
            sizes = self.rng.multinomial(n_messages, np.full(n_batches, 1 / n_batches))
            for number, count in enumerate(sizes):
                self.one_batch(int(count))
                if number % 4 == 1:
                    self.duel.compare_books()
            self.close()
        return self.duel

    def open(self, width: int | None = None) -> None:
        """Open a day with random ranges, bands and interruption widths."""
        rng, months = self.rng, self.first_month + np.arange(N_SLOTS)
        width = width or int(rng.choice([9, 60, 700]))
        self.low = np.full(N_SLOTS, self.middle - width)
        self.high = np.full(N_SLOTS, self.middle + width)
        self.duel.both(
            "open_day",
            months=months[np.argsort(months % N_SLOTS)],
            reference_ticks=self.middle + rng.integers(-3, 4, N_SLOTS),
            low_ticks=self.low,
            high_ticks=self.high,
            is_daily_limit=rng.random(N_SLOTS) < 0.5,
            protection_ticks=np.array([0, 4, 1_000]),
            band_ticks=None if rng.random() < 0.2 else rng.choice([0, 6, 40], N_SLOTS),
            interruption_ticks=None if self.calm else rng.choice([0, 0, 3, 6], N_SLOTS),
            day=self.today,
        )

    def one_batch(self, count: int) -> None:
        """Change the day's state at random, then send a batch."""
        self.load_risk()
        if not self.calm:
            self.change_phases()
        if self.rng.random() < 0.15:
            self.low = self.low - self.rng.integers(0, 9, N_SLOTS)
            self.high = self.high + self.rng.integers(0, 9, N_SLOTS)
            self.duel.both("widen_range", low_ticks=self.low, high_ticks=self.high)
        batch = messages(
            self.rng,
            count,
            first_month=self.first_month,
            middle=self.middle,
            first_id=self.next_id,
            spread_lengths=self.duel.first.rules.spread_lengths,
            today=self.today,
            flow=self.flow,
        )
        self.next_id += count
        in_auction = self.duel.first.phases[batch["month"] % N_SLOTS] == AUCTION
        at_market = in_auction & (batch["kind"] == MessageKind.LIMIT) & (self.rng.random(count) < 0.9)
        at_market &= batch["side"] == self.rng.choice([1, -1])
        batch["kind"][at_market] = int(MessageKind.MARKET)
        self.duel.match(batch)

    def load_risk(self) -> None:
        """Give every account its present position, often tight funds or limits and, rarely, a suspension."""
        rng = self.rng
        rich = rng.random() < 0.7
        limits = None if rng.random() < 0.4 else rng.integers(20, 200, N_SLOTS)
        self.duel.both(
            "load_risk",
            position_lots=self.duel.first.position_lots.copy(),
            funds_usd_micro=rng.integers(0, 10_000 if rich else 60, N_ACCOUNTS) * 1_000_000,
            margin_per_lot_usd_micro=rng.integers(0, 1_000_000, N_SLOTS),
            may_trade=rng.random(N_ACCOUNTS) < 0.97,
            position_limit_lots=limits,
            limit_exempt=None if rng.random() < 0.5 else rng.random(N_ACCOUNTS) < 0.3,
        )

    def change_phases(self) -> None:
        """Uncross most auctions, and now and then halt a month or call an auction."""
        rng, phases = self.rng, self.duel.first.phases
        months = [self.first_month + step for step in rng.permutation(N_SLOTS)]
        ready = [m for m in months if phases[m % N_SLOTS] == AUCTION and rng.random() < 0.5]
        self.duel.uncross(ready)
        wanted = self.duel.first.phases
        draw = rng.random(N_SLOTS)
        wanted[(draw < 0.05) & (wanted == CONTINUOUS)] = HALT
        wanted[(draw > 0.9) & (wanted == CONTINUOUS)] = AUCTION
        wanted[(draw < 0.5) & (wanted == HALT)] = rng.choice([CONTINUOUS, AUCTION])
        wanted[(draw > 0.97) & (wanted == AUCTION)] = HALT
        self.duel.both("set_phases", wanted)

    def close(self) -> None:
        """End auctions and halts, cancel one account's orders, close the day, sometimes expire a month."""
        duel, rng = self.duel, self.rng
        phases = duel.first.phases
        phases[phases == HALT] = AUCTION
        duel.both("set_phases", phases)
        if rng.random() < 0.3:
            everything = np.full(N_SLOTS, AUCTION)
            duel.both("set_phases", everything)
        phases = duel.first.phases
        months = [self.first_month + step for step in range(N_SLOTS)]
        duel.uncross([m for m in months if phases[m % N_SLOTS] == AUCTION])
        duel.compare_books()
        # A triggered stop may have interrupted a month once more, with a crossed book perhaps.
        while np.any(duel.first.phases == AUCTION):
            duel.uncross([m for m in months if duel.first.phases[m % N_SLOTS] == AUCTION])
        duel.both("cancel_account", int(rng.integers(0, N_ACCOUNTS)), CancelCause.SUSPENSION)
        duel.both("close_day")
        if rng.random() < 0.4:
            duel.both("expire_month", self.first_month)
            self.first_month += 1
        duel.compare_books()
        self.today += int(rng.integers(1, 4))

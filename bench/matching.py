"""Speed and memory of matching alone on this machine, beside a quick dict book and packages of others.

Figures are messages per CPU second of one process; machines differ and are noisy, so compare figures measured
together. Packages are measured if they are installed: ``pip install 'sitsim[bench]'``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from abm.core.orders import RejectReason
from abm.exchange import CompiledExchange, Exchange, ReferenceExchange
from bench.console import wide_console
from bench.order_streams import (
    ACCOUNTS,
    REFERENCE_TICKS,
    SLOTS,
    Stream,
    growing_stream,
    resting_batches,
    steady_stream,
)
from bench.peers import PEERS, Message, Peer, Traded, play

MESSAGES = 1_000_000
REFERENCE_MESSAGES = 10_000
BATCH = 300
RUNS = 7
PEER_CHUNK, PEER_SECONDS = 5_000, 4.0
RANGE_TICKS = 300
_MEMORY = Path("/proc/self/status")


class Measured(NamedTuple):
    """Rate of one stream in one engine, and the orders that rest at its end."""

    messages_per_second: float
    resting: int


def main() -> None:
    """Measure and print."""
    bench_matching(wide_console())


def bench_matching(console: Console) -> None:
    """Print the speed of our books, the speed of others beside it, and the memory of a million orders."""
    mixed, plain = (steady_stream(MESSAGES, plain=plain) for plain in (False, True))
    nothing = np.empty(0, dtype=mixed.opening.dtype)
    _measured(CompiledExchange, Stream(mixed.opening, mixed.messages[:BATCH]))
    ours = _print_ours(console, mixed, plain, Stream(nothing, growing_stream(MESSAGES)))
    _print_peers(console, plain, ours)
    _print_memory(console)


def _opened(engine: type) -> Exchange:
    """Return books in an ordinary day, with funds that no order exhausts: every check runs, none refuses."""
    books: Exchange = engine(n_accounts=ACCOUNTS, n_slots=SLOTS)
    books.open_day(
        months=np.arange(SLOTS, dtype=np.int64),
        reference_ticks=np.full(SLOTS, REFERENCE_TICKS),
        low_ticks=np.full(SLOTS, REFERENCE_TICKS - RANGE_TICKS),
        high_ticks=np.full(SLOTS, REFERENCE_TICKS + RANGE_TICKS),
        is_daily_limit=np.ones(SLOTS, dtype=np.bool_),
        protection_ticks=np.full(SLOTS, 60),
    )
    books.load_risk(
        position_lots=np.zeros((ACCOUNTS, SLOTS), dtype=np.int64),
        funds_usd_micro=np.full(ACCOUNTS, 10**15),
        margin_per_lot_usd_micro=np.full(SLOTS, 300 * 10**6),
        may_trade=np.ones(ACCOUNTS, dtype=np.bool_),
    )
    return books


def _batches(orders: np.ndarray, size: int = BATCH) -> list[np.ndarray]:
    return [orders[start : start + size] for start in range(0, len(orders), size)]


def _measured(engine: type, stream: Stream) -> Measured:
    books = _opened(engine)
    for batch in _batches(stream.opening):
        books.match(batch)
    batches = _batches(stream.messages)
    started = time.process_time()
    for batch in batches:
        books.match(batch)
    seconds = time.process_time() - started
    return Measured(len(stream.messages) / seconds, len(books.resting_orders()))


def _compiled_rate(stream: Stream) -> Measured:
    runs = [_measured(CompiledExchange, stream) for _ in range(RUNS)]
    return Measured(statistics.median(run.messages_per_second for run in runs), runs[0].resting)


def _print_ours(console: Console, mixed: Stream, plain: Stream, growing: Stream) -> Measured:
    """Print the speed of our books on every stream and return that on the plain, steady one."""
    table = Table(
        title=f"matching alone: {SLOTS} months, {ACCOUNTS} accounts, batches of {BATCH}, margin checks on",
        title_justify="left",
    )
    table.add_column("stream")
    table.add_column("books")
    for column in ("messages", "resting at the end", "messages per CPU s"):
        table.add_column(column, justify="right")
    beginning = Stream(mixed.opening, mixed.messages[:REFERENCE_MESSAGES])
    on_plain = _compiled_rate(plain)
    for name, books, stream, measured in (
        ("mixed, steady", "compiled", mixed, _compiled_rate(mixed)),
        ("plain, steady", "compiled", plain, on_plain),
        ("plain, growing", "compiled", growing, _compiled_rate(growing)),
        ("mixed, steady", "reference", beginning, _measured(ReferenceExchange, beginning)),
    ):
        rate = f"{measured.messages_per_second:,.0f}"
        table.add_row(name, books, f"{len(stream.messages):,}", f"{measured.resting:,}", rate)
    console.print(table)
    console.print(_contents("mixed", mixed))
    console.print(_contents("plain", plain) + "\n")
    return on_plain


def _contents(name: str, stream: Stream) -> str:
    """Say what a stream came to."""
    books = _opened(CompiledExchange)
    for batch in _batches(stream.opening):
        books.match(batch)
    accepted = trades = 0
    for batch in _batches(stream.messages):
        result = books.match(batch)
        accepted += int(np.count_nonzero(result.outcomes["reason"] == RejectReason.NONE))
        trades += len(result.trades)
    count = len(stream.messages)
    return f"{name}: {accepted / count:.1%} of the messages accepted, {trades / count:.2f} trades a message"


def _print_peers(console: Console, plain: Stream, ours: Measured) -> None:
    """Measure the others on the plain stream, a prefix of it where they are slow."""
    table = Table(title="the plain, steady stream in other books, one order a call", title_justify="left")
    table.add_column("books", no_wrap=True)
    for column in ("messages", "messages per CPU s", "slower by"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("against our trades")
    table.add_row("ours, compiled", f"{MESSAGES:,}", f"{ours.messages_per_second:,.0f}", "", "")
    opening, messages = _as_tuples(plain.opening), _as_tuples(plain.messages)
    ours_traded = _traded_after(plain)
    notes = []
    for peer in PEERS:
        try:
            count, rate, traded = _peer_rate(peer, opening, messages)
        except ImportError as error:
            table.add_row(peer.name, "", "", "", "not installed")
            notes.append(f"{peer.name}: not installed ({error}): {peer.install}")
            continue
        times = f"{ours.messages_per_second / rate:,.0f} times"
        difference = _difference(traded, ours_traded[count])
        table.add_row(peer.name, f"{count:,}", f"{rate:,.0f}", times, difference)
        notes.append(f"{peer.name}: {peer.leaves_out}")
    console.print(table)
    for note in notes:
        console.print(note, highlight=False, markup=False)
    console.print()


def _as_tuples(orders: np.ndarray) -> list[Message]:
    fields = ("kind", "order_id", "account", "month", "side", "price_ticks", "lots")
    return list(zip(*(orders[field].tolist() for field in fields), strict=True))


def _peer_rate(peer: Peer, opening: list[Message], messages: list[Message]) -> tuple[int, float, Traded]:
    """Return how many messages were played, their rate and what traded, within about ``PEER_SECONDS``."""
    books = peer.books(SLOTS)
    play(books, opening)
    played, seconds = 0, 0.0
    while played < len(messages) and seconds < PEER_SECONDS:
        chunk = messages[played : played + PEER_CHUNK]
        started = time.process_time()
        play(books, chunk)
        seconds += time.process_time() - started
        played += len(chunk)
    return played, played / seconds, books.traded()


def _traded_after(stream: Stream) -> dict[int, Traded]:
    """Return what our books traded after every chunk of messages."""
    books = _opened(CompiledExchange)
    total = Traded(0, 0, 0)
    after = {}
    count = -len(stream.opening)
    for batch in _batches(stream.opening, PEER_CHUNK) + _batches(stream.messages, PEER_CHUNK):
        trades = books.match(batch).trades
        lots = trades["lots"]
        more = (len(trades), int(lots.sum()), int((trades["price_ticks"] * lots).sum()))
        total = Traded(*(a + b for a, b in zip(total, more, strict=True)))
        count += len(batch)
        after[count] = total
    return after


def _difference(theirs: Traded, ours: Traded) -> str:
    """Say in words how a peer's trades differ from ours."""
    if theirs == ours:
        return "the same"
    parts = [
        f"{name} {a - b:+,} of {b:,}"
        for name, a, b in zip(Traded._fields, theirs, ours, strict=True)
        if a != b
    ]
    return ", ".join(parts)


def _print_memory(console: Console) -> None:
    """Enter a million resting orders in a fresh process and print what it grew by."""
    if not _MEMORY.exists():
        console.print("a million resting orders: memory is measured on Linux only\n")
        return
    script = "from bench.matching import print_resting_memory; print_resting_memory()"
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=root
    )
    grown, peak, rate = (float(figure) for figure in done.stdout.split())
    console.print(
        f"{MESSAGES:,} resting orders in a fresh process: it grew by [bold]{grown / 1e6:,.0f} MB[/bold], "
        f"{grown / MESSAGES:.0f} bytes an order ({peak / 1e6:,.0f} MB while making room); "
        f"they entered at {rate:,.0f} messages per CPU s\n"
    )


def print_resting_memory() -> None:
    """Print by how many bytes this process grows with a million resting orders, at the end and at most.

    The third figure is how many of them enter in a CPU second.
    """
    (first,) = resting_batches(BATCH, BATCH)
    _measured(CompiledExchange, Stream(first[:0], first))
    before = _resident_bytes("VmRSS")
    books = _opened(CompiledExchange)
    seconds = 0.0
    for batch in resting_batches(MESSAGES, BATCH):
        started = time.process_time()
        books.match(batch)
        seconds += time.process_time() - started
    grown, peak = (_resident_bytes(which) - before for which in ("VmRSS", "VmHWM"))
    assert len(books.resting_orders()) == MESSAGES, "some of the orders do not rest"
    print(grown, peak, MESSAGES / seconds)


def _resident_bytes(which: str) -> int:
    """Read this process's resident memory, now (``VmRSS``) or at most so far (``VmHWM``)."""
    (line,) = (line for line in _MEMORY.read_text().splitlines() if line.startswith(which))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()

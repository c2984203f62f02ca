"""Columns of ``accounts`` and ``agents`` about money that comes and goes outside trading."""

from __future__ import annotations

from abm.recording.columns import money, since

CAPITAL_COLUMNS = (
    since(6, money("paid_out", "Paid to the account's owner since the start; not in the profit."), filled=0),
    since(6, money("brought_in", "Brought in by its owner since the start; not in the profit."), filled=0),
    since(
        6,
        money("outside_gain", "Gained by other business since the start; a loss is negative."),
        filled=0,
    ),
    since(6, money("target_equity", "Equity that its owner wants; without a rule that of the start.")),
)
"""In their order, at the end of a table."""

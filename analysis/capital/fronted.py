"""The report's words and table about what the clearing house had to front."""

from __future__ import annotations

import pandas as pd

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..page import paragraph, table
from ..wording import usd


def liquidity_body(run: RunFolder) -> list[str]:
    """Return the parts of the page about the house's own liquidity."""
    days = run.tables["clearing_days"] if "clearing_days" in run.tables else pd.DataFrame()
    if days.empty or days["liquidity_need_usd_micro"].isna().all():
        return [paragraph("This run did not record what the house had to front.")]
    need = days.set_index("day")["liquidity_need_usd_micro"].astype(float) / USD_MICRO
    owed = days.set_index("day")["owed_usd_micro"].astype(float) / USD_MICRO
    if not need.any():
        return [paragraph("All variation margin was paid on its day: the house fronted nothing.")]
    rows = [
        ("Fronted on the worst day", usd(need.max())),
        ("Day", str(need.idxmax())),
        ("Days on which the house fronted", f"{int((need > 0).sum())} of {len(need)}"),
        ("Owed beyond all collateral at a close, largest", usd(owed.max())),
    ]
    note = (
        "Those who gain get their variation margin the same day. Fronted is what those who lost it did not "
        "pay that day, in default or with an open call: the house pays it out of the margin that it holds of "
        "them, and what is beyond that out of its own."
    )
    return [table((), rows, numbers=(1,)), paragraph(note)]

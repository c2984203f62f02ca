"""The report's words and table about owners of accounts."""

from __future__ import annotations

import pandas as pd

from abm.recording.capital_metrics import owners_by_class
from abm.recording.metrics import ratio

from ..page import paragraph, table
from ..wording import class_name, percent, usd, whole


def has_flows(agents: pd.DataFrame) -> bool:
    """Say whether any money came or went outside trading."""
    columns = ["paid_out_usd_micro", "brought_in_usd_micro", "outside_gain_usd_micro"]
    return bool(agents[columns].fillna(0).to_numpy().any())


def said_of_owners(agents: pd.DataFrame) -> str:
    """Return in a sentence how much of the losses owners refilled, and what they took out."""
    owners = owners_by_class(agents)
    lost, refilled = float(owners["lost"].sum()), float(owners["refilled"].sum())
    return (
        f"Owners made good {percent(ratio(refilled, lost))} of what their accounts lost by trading "
        f"({usd(lost)}). In all they brought in {usd(float(owners['brought_in'].sum()))} and took out "
        f"{usd(float(owners['paid_out'].sum()))}. Profit and loss above are without this money."
    )


def owners_body(agents: pd.DataFrame) -> list[str]:
    """Return the parts of the page about money outside trading; none where there was none."""
    if agents.empty or not has_flows(agents):
        return []
    rows = [
        (
            class_name(str(name)),
            whole(row.accounts),
            usd(row.start),
            usd(row.lost),
            usd(row.paid_out),
            usd(row.brought_in),
            percent(row.refill_share),
            usd(row.outside_gain),
        )
        for name, row in owners_by_class(agents).iterrows()
    ]
    header = (
        "Class",
        "Accounts",
        "Equity at the start",
        "Lost by trading",
        "Owners took out",
        "Brought in",
        "Losses refilled",
        "Other business",
    )
    return [table(header, rows, numbers=range(1, len(header))), paragraph(said_of_owners(agents))]

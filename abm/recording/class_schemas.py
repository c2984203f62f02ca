"""Tables of a run folder about classes of traders: who is in, who shrinks, what was refused; and lost credit.

The other tables, the rules that hold for all of them, and the profiles are in ``abm.recording.schemas``.
"""

from __future__ import annotations

import pyarrow as pa

from abm.recording.columns import ACCOUNT, DAY, money, schema, text, whole_number

CLASS_SCHEMAS: dict[str, pa.Schema] = {
    "class_days": schema(
        "Who trades and what the exchange refused, one row a day and class of traders, as of the close.",
        DAY,
        text("agent_class", "Kind of trader."),
        whole_number("traders", "traders", "Traders of the class."),
        whole_number("active", "traders", "Those neither in default nor gone, nor out by their risk limits."),
        whole_number("shrinking", "traders", "Active ones that reduce positions too large for their equity."),
        whole_number("stopped", "traders", "Stopped out after losses, for some days."),
        whole_number("left", "traders", "Gone for poor results, until the class earns more."),
        whole_number("messages", "count", "Messages sent in the day."),
        whole_number("refused", "count", "Messages refused in the day."),
        whole_number("refused_for_margin", "count", "Messages among them refused for want of funds."),
        whole_number("shrinking_orders", "count", "Orders of the day that reduce positions too large."),
        since=6,
    ),
    "credit_events": schema(
        "Credit lines that their lenders ended, one row each.",
        DAY,
        ACCOUNT,
        money("cancelled", "Undrawn part, which is gone."),
        money("drawn", "Drawn part, which is to be repaid."),
        money("equity", "Equity of the borrower then."),
        money("reference", "Equity that the lender compared it with."),
        since=6,
    ),
}
"""Schema of each table by name."""

"""What a trader with risk limits is doing: trading, shrinking, or out for one of three reasons."""

from __future__ import annotations

TRADING = 0
"""It follows its rule, within its bounds."""
STOPPED = 1
"""It has lost too much: it closes its positions and stays out for some days."""
SUSPENDED = 2
"""It has defaulted or left the market for good."""
SHRINKING = 3
"""Its margin is too large for its equity: it reduces its positions, and its rule may only reduce."""
LEFT = 4
"""Its results were poor: it closes its positions and stays out until its class earns more."""

"""The published daily fixing: the index as an exact integer, or the prior fixing repeated and flagged."""

from __future__ import annotations

from typing import NamedTuple

from abm.core.errors import ParameterError
from abm.core.money import usd_to_micro
from abm.spot.index.index import IndexFixing, IndexUnavailable


class PublishedFixing(NamedTuple):
    """What the index administrator publishes for one day; settlement uses nothing else."""

    usd_micro: int
    """Micro-USD per mSIT."""
    available: bool
    """False when there was no index that day and the prior fixing stands again."""


def publish_fixing(outcome: IndexFixing | IndexUnavailable, prior_usd_micro: int | None) -> PublishedFixing:
    """Return the fixing of one day, rounded to the nearest micro-USD (ties to even).

    On a day without an index the prior fixing is repeated and flagged, so that the number of fixings in a
    delivery month never changes.

    Parameters
    ----------
    outcome : IndexFixing or IndexUnavailable
        The day's index.
    prior_usd_micro : int or None
        The last published fixing in micro-USD per mSIT; None before the first.

    Raises
    ------
    ParameterError
        If there is no index on the first day, when there is no prior fixing to repeat.
    """
    if isinstance(outcome, IndexFixing):
        return PublishedFixing(usd_to_micro(outcome.value_usd), available=True)
    if prior_usd_micro is None:
        raise ParameterError(
            f"first fixing: {outcome.n_qualified} qualified providers is not enough for an index "
            f"({outcome.reason.value}), and there is no prior fixing to repeat"
        )
    return PublishedFixing(prior_usd_micro, available=False)

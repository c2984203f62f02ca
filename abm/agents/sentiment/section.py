"""Scenario sections of what speculators share: opinions that spread over a graph, and attention."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from abm.core.settings.fields import Disagreement, Section, field, section

_JUDGEMENT = "judgement"


class SocialGraphSection(Section):
    """Who looks at whom: all noise traders, fundamentalists, chartists and mixture traders, in that order."""

    kind: Literal["watts_strogatz", "barabasi_albert", "erdos_renyi", "edge_list"] = field(
        "watts_strogatz", unit="-", source="Watts and Strogatz 1998", description="Law of the graph."
    )
    neighbours: int = field(
        6, ge=2, le=1_000, multiple_of=2, unit="traders", source=_JUDGEMENT,
        description="Neighbours on the ring of a Watts-Strogatz graph.",
    )  # fmt: skip
    rewiring: float = field(
        0.1, ge=0, le=1, unit="1", source="Watts and Strogatz 1998: small worlds at 0.01 to 0.1",
        description="Probability that a link of a Watts-Strogatz graph leads elsewhere.",
    )  # fmt: skip
    attachments: int = field(
        3, ge=1, le=1_000, unit="links", source=_JUDGEMENT,
        description="Links that a new trader brings into a Barabasi-Albert graph.",
    )  # fmt: skip
    mean_degree: float = field(
        0.9, ge=0, le=1_000, unit="traders", source="Cont and Bouchaud 2000: just below 1",
        description="Mean number of neighbours in an Erdos-Renyi graph.",
    )  # fmt: skip
    edge_list: str = field(
        "", unit="-", source=_JUDGEMENT + ": none",
        description="File of links, two trader numbers from 0 a line; beside the file that names it.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _file_is_named_when_read(self) -> Self:
        if (self.kind == "edge_list") != bool(self.edge_list):
            raise Disagreement(
                "edge_list",
                f"{self.edge_list!r} does not go with kind = {self.kind!r}",
                "kind",
                f"{self.kind!r} does not go with edge_list = {self.edge_list!r}",
            )
        return self


class SentimentSection(Section):
    """Herding among speculators; strength 0 means that there is none."""

    rule: Literal["majority", "clusters"] = field(
        "majority", unit="-", source="Kirman 1993; Cont and Bouchaud 2000",
        description="Whether a trader follows its neighbours' majority, or a whole cluster is of one mind.",
    )  # fmt: skip
    strength: float = field(
        0.0, ge=0, lt=1, unit="1", source=_JUDGEMENT,
        description="Weight s of an opinion: the odds that a noise trader buys are up to (1 + s) / (1 - s).",
    )  # fmt: skip
    belief_shift: float = field(
        0.02, ge=0, le=1, unit="log points", source=_JUDGEMENT,
        description="Shift of a believed price by a full opinion at strength 1.",
    )  # fmt: skip
    threshold: float = field(
        0.2, ge=0, lt=1, unit="1", source=_JUDGEMENT,
        description="Mean opinion of the neighbours beyond which a trader joins them.",
    )  # fmt: skip
    looks_per_day: float = field(
        4.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which a trader looks at its neighbours.",
    )  # fmt: skip
    own_views_per_day: float = field(
        1.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which a trader forms an opinion of its own.",
    )  # fmt: skip
    cluster_views_per_day: float = field(
        0.5, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which a cluster without a view forms one.",
    )  # fmt: skip
    cluster_view_days: float = field(
        0.25, gt=0, le=1_000, unit="days", source=_JUDGEMENT,
        description="Mean time that the view of a cluster lasts.",
    )  # fmt: skip
    graph: SocialGraphSection = section(SocialGraphSection, description="Who looks at whom.")


class AttentionSection(Section):
    """Noise and mixture traders trade faster while prices move more than usual; response 0: always alike."""

    response: float = field(
        1.0, ge=0, le=4, unit="1",
        source="judgement: with it volume moves with volatility as in the stylised facts of Cont 2001",
        description="Exponent of recent over usual volatility; that is the pace, on average about 1.",
    )  # fmt: skip
    recent_days: float = field(
        2.0, gt=0, le=1_000, unit="days", source=_JUDGEMENT,
        description="Time constant of recent variance, a mean of squared returns.",
    )  # fmt: skip
    usual_days: float = field(
        21.0, gt=0, le=10_000, unit="days", source=_JUDGEMENT,
        description="Time constant of usual variance, a geometric mean of the recent one.",
    )  # fmt: skip
    fastest: float = field(
        4.0, ge=1, le=1_000, unit="1", source=_JUDGEMENT,
        description="Largest pace; the smallest is one over it.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _recent_is_shorter(self) -> Self:
        if self.recent_days >= self.usual_days:
            raise Disagreement.of_bounds("recent_days", self.recent_days, "<", "usual_days", self.usual_days)
        return self

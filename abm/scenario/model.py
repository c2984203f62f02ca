"""``Scenario``: everything that defines a market and its run, validated and immutable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from abm.agents.classes import PopulationsSection
from abm.agents.sentiment.edge_list import EDGE_LIST, read_links
from abm.core.errors import ScenarioError
from abm.core.settings.fields import Disagreement, Section, section
from abm.core.settings.plain_values import plain_tables
from abm.core.settings.toml_files import MOST_LEVELS, require_shallow, unreadable
from abm.core.settings.toml_text import toml_document
from abm.core.settings.wording import MOST_CHARACTERS, printable, shown
from abm.scenario.loading import Layers, packaged_folder, read_layers
from abm.scenario.problems import problem_line
from abm.scenario.sections.contract import CalendarSection, ContractSection, RunSection
from abm.scenario.sections.exchange import ExchangeSection
from abm.scenario.sections.spot import IndexSection, SpotSection
from abm.scenario.sections.venue import ClearingSection, RecordingSection
from abm.scenario.trader_checks import (
    companies_fit,
    graph_fits,
    herd_size,
    holders_fit,
    order_flow_fits,
    programmes_fit,
    rounds_hold_the_actions,
)

OVERRIDE = "override"
"""Origin of a field that ``replace`` (or ``--set`` on the command line) has set."""

_LABELS = ("name", "description")


class Scenario(Section):
    """A validated market: one section per institution, each field with default, bounds, unit and source.

    ``Scenario()`` is the plain market: the default of every field. A scenario is immutable: ``replace``
    returns another one.

    Examples
    --------
    >>> Scenario.load("baseline").replace({"clearing.margin.rate": 0.2}).clearing.margin.rate
    0.2
    """

    name: str = Field(default="plain", min_length=1, description="Short name; the file's name if absent.")
    description: str = Field(default="", description="What the scenario is for, in one sentence.")
    run: RunSection = section(RunSection, description="Length and seed.")
    calendar: CalendarSection = section(CalendarSection, description="Trading calendar.")
    contract: ContractSection = section(ContractSection, description="Terms of the future.")
    spot: SpotSection = section(SpotSection, description="Spot price process.")
    index: IndexSection = section(IndexSection, description="Token Price Index.")
    exchange: ExchangeSection = section(ExchangeSection, description="Exchange rules and fees.")
    clearing: ClearingSection = section(ClearingSection, description="Clearing house.")
    recording: RecordingSection = section(RecordingSection, description="What is kept of a run.")
    agents: PopulationsSection = section(PopulationsSection, description="Who trades.")

    _layers: Layers = PrivateAttr(default_factory=Layers)

    # Whoever takes one value or several, such as mesa.batch_run, shall see one, where pydantic gives fields.
    __iter__ = None  # type: ignore[assignment]

    @classmethod
    def load(cls, name_or_path: str | Path) -> Scenario:
        """Read a packaged scenario by name, or a TOML file by path.

        A file states what differs from the scenario it ``extends`` (a packaged name, or a path relative
        to the file) and, at the end of that chain, from the defaults.

        Raises
        ------
        ScenarioError
            One line: file, field, value and what is allowed.
        """
        layers = read_layers(name_or_path, _defaults())
        own = {"name": Path(layers.label).stem, "description": ""}
        own |= {key: layers.tables[key] for key in _LABELS if layers.origins.get(key) == layers.label}
        scenario = cls._validated(layers.with_values(own), name_files=True)
        scenario._check_files()
        return scenario

    def replace(self, changes: Mapping[str, Any]) -> Scenario:
        """Return a scenario with other values, given by dotted field.

        Values are as a TOML file would have them; NumPy and pandas numbers and arrays, and paths, do as well.

        Raises
        ------
        ScenarioError
            If a field is unknown or a value is not allowed.

        Examples
        --------
        >>> Scenario().replace({"run.days": 21, "spot.jumps": {"kind": "gaussian"}}).run.days
        21
        """
        layers = self._layers.with_values(self._tables())
        if not isinstance(changes, Mapping):
            raise ScenarioError(f"changes: {shown(changes)} is not a mapping of dotted fields to values")
        for dotted, value in plain_tables(changes).items():
            *tables, last = dotted.split(".")
            if len(tables) >= MOST_LEVELS:
                raise ScenarioError(f"{printable(dotted, MOST_CHARACTERS)}: more than {MOST_LEVELS} parts")
            require_shallow(value, printable(dotted, MOST_CHARACTERS))
            nested: dict[str, Any] = {last: value}
            for table in reversed(tables):
                nested = {table: nested}
            layers = layers.over(nested, OVERRIDE)
        scenario = self._validated(layers)
        scenario._check_files()
        return scenario

    def to_toml(self) -> str:
        """Return the resolved scenario as a TOML document that loads to a scenario of the same hash."""
        tables = self._tables()
        prices = self.provider_prices_path()
        if prices.parent != packaged_folder() / "data":
            tables["index"]["provider_prices"] = str(prices)
        links = self.edge_list_path()
        if links is not None:
            tables["agents"]["sentiment"]["graph"]["edge_list"] = str(links)
        return toml_document(tables)

    def sha256(self) -> str:
        """Return the hash of the resolved content: every field, and files by their bytes.

        The labels ``name`` and ``description`` and the place of files on disk do not count.
        """
        tables = {key: value for key, value in self._tables().items() if key not in _LABELS}
        prices = self.provider_prices_path().read_bytes()
        tables["index"]["provider_prices"] = hashlib.sha256(prices).hexdigest()
        links = self.edge_list_path()
        if links is not None:
            graph = tables["agents"]["sentiment"]["graph"]
            graph["edge_list"] = hashlib.sha256(links.read_bytes()).hexdigest()
        return hashlib.sha256(toml_document(tables).encode()).hexdigest()

    def provider_prices_path(self) -> Path:
        """Return the provider price file: packaged, or relative to the file that names it.

        Raises
        ------
        ScenarioError
            If there is no such file.
        """
        path = self._named_file("index.provider_prices", self.index.provider_prices)
        assert path is not None, "a scenario names its price file"
        return path

    def edge_list_path(self) -> Path | None:
        """Return the file of links between speculators, relative to the file that names it; ``None`` if none.

        Raises
        ------
        ScenarioError
            If there is no such file.
        """
        return self._named_file(EDGE_LIST, self.agents.sentiment.graph.edge_list)

    def _check_files(self) -> None:
        self.provider_prices_path()
        links, traders = self.edge_list_path(), herd_size(self.agents)
        if links is not None and traders > 0:
            try:
                read_links(links, traders)
            except ScenarioError as error:
                raise ScenarioError(f"{self.file_that_set(EDGE_LIST)}{error}") from None

    def _named_file(self, field: str, written: str) -> Path | None:
        """Return a file that a field names: packaged, or relative to the file that sets the field."""
        if not written:
            return None
        origin = self.origin(field)
        packaged = packaged_folder() / "data" / written
        if Path(written).name == written and unreadable(packaged) is None:
            return packaged
        path = self._layers.folders.get(origin, Path()) / written
        reason = unreadable(path)
        if reason is not None:
            named = printable(os.path.abspath(path), 3 * MOST_CHARACTERS)
            raise ScenarioError(f"{self.file_that_set(field)}{field}: {named}: {reason}")
        return path.resolve()

    def rank(self, dotted_field: str) -> int:
        """Return how late in the chain of files a field was set; overrides are last, -1 if it never was."""
        return self._layers.rank(dotted_field)

    def file_that_set(self, dotted_field: str) -> str:
        """Return the scenario file that set a field as messages begin with it; empty if none did."""
        origin = self._layers.setter(dotted_field)
        return f"{origin}: " if origin in self._layers.folders else ""

    def origin(self, dotted_field: str) -> str:
        """Return where a field's value came from: ``default``, a file, or ``override``."""
        return self._layers.origins.get(dotted_field, "default")

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema of a scenario file, for editors that complete and check TOML."""
        schema = Scenario.model_json_schema()
        schema["properties"] = {
            "extends": {"type": "string", "description": "Packaged name or relative path of the base file."},
            **schema["properties"],
        }
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

    @model_validator(mode="after")
    def _sections_agree(self) -> Scenario:
        if self.clearing.intraday_cycles >= self.calendar.rounds_per_day:
            raise Disagreement.of_bounds(
                "clearing.intraday_cycles",
                self.clearing.intraday_cycles,
                "<",
                "calendar.rounds_per_day",
                self.calendar.rounds_per_day,
            )
        providers, fewest = self.agents.providers.count, self.index.min_providers
        if providers < fewest and self.index.method != "process":
            remedy = f'while index.method = "{self.index.method}" ("process" needs no providers)'
            raise Disagreement(
                "agents.providers.count",
                f"{providers} is not >= index.min_providers = {fewest} {remedy}",
                "index.min_providers",
                f"{fewest} is not <= agents.providers.count = {providers} {remedy}",
            )
        longest, listed = max(self.exchange.spreads.lengths, default=0), self.contract.listed_months
        if longest >= listed:
            raise Disagreement.of_bounds(
                "exchange.spreads.lengths", longest, "<", "contract.listed_months", listed
            )
        fixings, days = self.contract.final_fixings, self.calendar.days_per_month
        if fixings > days:
            raise Disagreement.of_bounds(
                "contract.final_fixings", fixings, "<=", "calendar.days_per_month", days
            )
        price = self.spot.initial_price_usd
        if isinstance(price, float) and price < self.contract.tick_size_usd:
            raise Disagreement.of_bounds(
                "spot.initial_price_usd", price, ">=", "contract.tick_size_usd", self.contract.tick_size_usd
            )
        programmes_fit(self.agents, self.contract, self.calendar)
        rounds_hold_the_actions(self.agents, self.calendar.rounds_per_day)
        graph_fits(self.agents)
        companies_fit(self.agents)
        holders_fit(self.agents, self.contract, self.clearing.members)
        order_flow_fits(self.agents, self.contract)
        return self

    @property
    def warm_up_days(self) -> int:
        """Trading days before day 0."""
        return self.run.warm_up_months * self.calendar.days_per_month

    @classmethod
    def _validated(cls, layers: Layers, *, name_files: bool = False) -> Scenario:
        try:
            scenario = cls.model_validate(layers.tables)
        except ValidationError as error:
            line = problem_line(error, cls, layers, name_files=name_files)
            raise ScenarioError(line) from None
        scenario._layers = layers
        return scenario

    def _tables(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


@cache
def _defaults() -> Layers:
    return Layers(Scenario()._tables())

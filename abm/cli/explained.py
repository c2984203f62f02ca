"""The resolved scenario as a commented TOML document."""

from __future__ import annotations

from abm.scenario import ExplainedField, Scenario, explain
from abm.scenario.toml_text import toml_value


def explained_toml(scenario: Scenario) -> str:
    """Return every field on its line with unit, source and origin; the text is itself a scenario file."""
    rows = explain(scenario)
    assignments = [f"{row.field.rpartition('.')[2]} = {toml_value(row.value)}" for row in rows]
    column = max(len(text) for text in assignments if len(text) <= 40) + 2
    lines, table = [], ""
    for row, assignment in zip(rows, assignments, strict=True):
        here = row.field.rpartition(".")[0]
        if here != table:
            table = here
            lines += ["", f"[{table}]"]
        lines.append(f"{assignment:<{column - 2}}  {_comment(row)}")
    return "\n".join(lines)


def _comment(row: ExplainedField) -> str:
    said = {"-", "1", f"see {row.origin}"}  # nothing, a pure number, or what the origin says already
    return "# " + " | ".join([row.origin, *(part for part in (row.unit, row.source) if part not in said)])

"""From a scenario to the parts of a market."""

"""From a price series to parameters of the process."""

"""Order flow without traders: Poisson streams."""

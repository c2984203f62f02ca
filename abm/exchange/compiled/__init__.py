"""The exchange that runs simulations: packed arrays and compiled kernels."""

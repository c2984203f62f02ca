"""Liquidity of runs: what trading costs, how deep the books are, how prices answer to the flow of orders.

Data frames in, data frames out. ``liquidity_tables`` gathers what one run or many have recorded; each module
then makes rows of one kind from it, and ``liquidity_summary`` brings all measures into one table, by tenor,
part of the day, regime and run. Where a number cannot be had it is NaN, and a column says why.
"""

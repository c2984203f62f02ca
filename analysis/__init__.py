"""Analysis: numbers, summary, figures and report, all read from run folders."""

"""How good generated rows are: metrics, the score, intervals, and what can be expected."""

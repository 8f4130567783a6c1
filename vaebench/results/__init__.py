"""What came out of a study.

standings    every trial, baseline and the noise floor in order
leaderboard  the same as a table: every column
table        the few columns that a terminal and the report show
summary      what it says, in words
optimism     how much of a score was the luck of being chosen
status       how far studies are
export       CSV, JSON, Markdown, Parquet
report       a study as one HTML page
plots        its figures, one a file
"""

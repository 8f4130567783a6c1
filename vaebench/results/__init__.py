"""The results of a study.

standings    all trials, baselines and the noise floor, ranked
leaderboard  the same as a data frame, with every column
table        the columns that the terminal and the report show
summary      the results in sentences
controlled   the best score less the luck of its draws
optimism     selection optimism: how much of a score was luck
status       the progress of studies
export       CSV, JSON, Markdown, Parquet
report       a study as one HTML page
plots        figures, one per file
"""

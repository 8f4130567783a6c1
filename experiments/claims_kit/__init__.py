"""Measures claims and judges them. Each claim has a folder with a study.toml and a claim.py that fills an Experiment.

    python -m experiments.claims_kit full NAME       measure the full form, judge it, write the folder's pages
    python -m experiments.claims_kit short           run every study.toml through vaebench, say what it shows
    python -m experiments.claims_kit pages           judge the stored results again and write every page
    python -m experiments.claims_kit pages --check   fail where a page is not what the stored results say

experiment  what a claim.py fills, and where its files are
forms       the full form of a study: other values in its tables
cells       the cells of a study's grid, and which of them share a fit
measure     every cell on every draw, over worker processes, resumable
frame       what was measured as a table: one row a cell and draw
scores      errors in units of those of a baseline
verdicts    intervals over draws, paired comparisons, the three words
agreement   whether vaebench's replica of a model and plain Keras agree
pages       READMEs, verdicts and pictures from stored results
short       the short forms
"""

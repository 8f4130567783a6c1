"""How good generated rows are.

metrics          distances and errors, one subject a file (KS: distances)
score            which metrics when, and the score made of three of them
attainable       the errors that a score is in units of
baseline_scores  the baselines and the noise floor, scored like trials
intervals        bootstrap intervals, paired tests
"""

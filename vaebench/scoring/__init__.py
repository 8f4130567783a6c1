"""How good generated rows are.

metrics          distances and errors, one subject a file (KS: distances)
score            which metrics are measured when, and the score, made of three of them
attainable       the unit of the score: errors expected of the best baseline
baseline_scores  scores the baselines and the noise floor
intervals        bootstrap intervals
control_variate  a score less the luck of its draws
paired_tests     whether rows can be told apart, and whether one is plainly worse
race             which confirmed trials get no more draws
"""

"""The figures of the report and of MLflow, one a file.

generated_against_true, pairs_of_columns   what a trial generates
loss_curves                                how it was trained
leaderboard, searched_and_confirmed        how trials and baselines compare
search_history                             the search, trial by trial
style                                      what all of them share
"""

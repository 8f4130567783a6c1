"""The plots of the report and of MLflow, one per file.

generated_against_true, pairs_of_columns   what a trial generates
reconstructions                            what it makes of rows it is given, beside that
loss_curves                                how it was trained
leaderboard, searched_and_confirmed        how trials and baselines compare
search_history                             the search, trial by trial
style                                      colours, figures and axes, the same in all
"""

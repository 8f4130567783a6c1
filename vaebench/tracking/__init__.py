"""MLflow, a projection of the study record. The only package that imports mlflow.

live            hands finished trials on while the search goes on
writer_process  the process that writes them meanwhile
sync            writes final results: whatever is missing
writer          a study's runs, each written once
runs            what a run says of a trial, a baseline, the noise floor
study_page      what the study's own run says
experiment      description, primary metric, the view that opens
artifacts       plots, samples and the saved model of a trial
champion        the winner as a registered model
loader          what MLflow calls to load it
discard         forgets a study, so that it starts over
store, ids, ui  where all of it is
"""

"""Writes the study record to MLflow. The record stays the source of truth. The only package that imports mlflow.

live             passes finished trials on while the search runs
writer_process   the process that has MLflow, and writes
live_runs        writes these trials there
sync             writes final results, and whatever is missing
writer           finds, creates and updates the runs of a study
whole_run        writes a run into the embedded store
runs             contents of the run of a trial, a baseline or the noise floor
study_page       contents of the parent run, that of the study
experiment       the study's experiment: description, primary metric, view
artifacts        plots, samples and the saved model of a trial
champion         a generator as a logged model, the winner as a registered one
discard          deletes the record of a study, so that it starts over
artifact_digest  a digest of a run's files, which tells lost or truncated ones
repair           sets a damaged store aside, and follows a moved home
empty_database   a new database of MLflow's
store, ids, ui   the store and its client, ids in it, its web page
"""

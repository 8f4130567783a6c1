"""Tracking: MLflow as a projection of the study record, and the only package that imports mlflow.

- where.py: which store, and the run ids of the last projection (imports no mlflow)
- store.py: a quiet client on that store
- runs.py: what a run says of a trial, a baseline or the floor
- experiment.py: a study's experiment, its description, primary metric and view
- study_runs.py: a study's runs, each written once
- projector.py: projects trials in the background while the search goes on
- projection.py: brings everything up to date: trials, references, pictures, models, champion
- parent.py: what the study's own run says
- champion.py: a generator as an MLflow model, and the winner's registration
- loader.py: what MLflow calls to load that model again
- ui.py: how to start the MLflow UI on that store
"""

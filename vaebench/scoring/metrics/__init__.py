"""Metrics: figures that compare generated rows with true samples or with the training rows. One concept a file."""

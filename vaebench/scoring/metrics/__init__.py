"""Metrics of generated rows against true samples.

distances    KS, Wasserstein-1 and energy distance of two samples
one_column   all metrics of a column, and their means over several
joint        of several columns together: correlations, sliced Wasserstein, MMD
classifier   how well a classifier tells generated from true rows
copying      closeness to the training rows
exact        KS to the exact distribution function
samples      rows made ready for metrics of all columns
"""

"""Metrics of generated rows against true samples.

distances    KS, Wasserstein-1 and energy distance of two samples
one_column   all metrics of one column, and their means over columns
joint        metrics of several columns together: correlations, sliced Wasserstein, MMD
copula       the distance of two copulas: the relation between columns, whatever their distributions
association  how strongly columns of any two kinds go together
pairs        which pairs of columns are looked at
likelihood   likelihood of generated rows under the truth, and of true rows under what generated ones show
coverage     whether generated rows are where true rows are, and everywhere they are
classifier   how well a classifier tells generated from true rows
copying      closeness to the training rows
exact        KS to the exact distribution function
points       rows with categories and empty cells as points whose distances count
samples      subsampling and scaling of rows for metrics of several columns
"""

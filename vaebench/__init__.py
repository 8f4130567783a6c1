"""Find the autoencoder that, trained on these rows, is the best generator of more such rows."""

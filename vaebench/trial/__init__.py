"""All that is done with one spec on one replicate: fit, generate, score, and say why it is off."""

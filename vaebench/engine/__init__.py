"""The engine: trains one spec on one replicate's rows. Compile once per structure, assign, run."""

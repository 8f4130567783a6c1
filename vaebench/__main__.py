"""`python -m vaebench`."""

from vaebench.cli import main

main(prog_name="vaebench")

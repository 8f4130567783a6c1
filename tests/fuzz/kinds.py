"""The kinds of input that are fuzzed.

Each makes one case from random numbers in an empty folder, checks what comes of it, and returns that in a word.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

from fuzzed_commands import command_line
from fuzzed_data import csv_file, parquet_file
from fuzzed_records import damaged_record
from fuzzed_studies import study_file

KINDS: dict[str, Callable[[Random, Path], str]] = {
    "study": study_file,
    "csv": csv_file,
    "parquet": parquet_file,
    "record": damaged_record,
    "command": command_line,
}

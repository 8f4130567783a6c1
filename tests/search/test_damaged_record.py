"""A damaged record: a torn last line is cut off and kept, other damage is refused with a way out that works."""

import json
import logging
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cheap_evaluations import cheap
from small_studies import evaluated_by, go, timeless

from vaebench.errors import InputError
from vaebench.files import study_folder
from vaebench.search.run import run
from vaebench.search.store import FORMAT, RecordStore
from vaebench.study.definition import StudyDefinition


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """Return a home whose path has a blank, which a shell would part."""
    (tmp_path / "my home").mkdir()
    return tmp_path / "my home"


@pytest.fixture(scope="module")
def template() -> list[bytes]:
    """Return where a test's whole study stands once the first has run it."""
    return []


@pytest.fixture
def journal(definition: StudyDefinition, tmp_path: Path, template: list[bytes]) -> Path:
    """Return the journal of a whole study in the home `tmp_path`."""
    journal = study_folder(tmp_path, "small") / "journal.log"
    if not template:
        go(definition, tmp_path)
        template.append(journal.read_bytes())
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(template[0])
    return journal


def lines_of(journal: Path) -> list[bytes]:
    return journal.read_bytes().splitlines(keepends=True)


def refusal(definition: StudyDefinition, home: Path) -> str:
    """Return how the record is refused, by what reads and by what writes, and check that nothing was written."""
    before = {path: path.read_bytes() for path in study_folder(home, "small").iterdir()}
    with pytest.raises(InputError) as reading:
        RecordStore.open(home, "small").record()
    with pytest.raises(InputError) as writing:
        RecordStore.create_or_open(home, definition).record()
    assert str(reading.value) == str(writing.value)
    assert {path: path.read_bytes() for path in study_folder(home, "small").iterdir()} == before
    return str(reading.value)


def halved(line: bytes) -> bytes:
    return line[: len(line) // 2] + b"\n"


def zeroed(line: bytes) -> bytes:
    return b"\0" * (len(line) - 1) + b"\n"


def no_text(line: bytes) -> bytes:
    return line.replace(b"small", b"sm\xffll").replace(b"op_code", b"op\xffcode")


@pytest.mark.parametrize("damage", [halved, zeroed, no_text])
@pytest.mark.parametrize("number", [1, 2, 17, -1])
def test_a_damaged_line_is_named_and_the_way_out_that_is_shown_works(
    definition: StudyDefinition, tmp_path: Path, journal: Path, damage: Callable[[bytes], bytes], number: int
) -> None:
    lines = lines_of(journal)
    number = len(lines) if number == -1 else number
    undisturbed = RecordStore.open(tmp_path, "small").record()
    journal.write_bytes(b"".join([*lines[: number - 1], damage(lines[number - 1]), *lines[number:]]))
    said = refusal(definition, tmp_path)
    trials = sum(json.loads(line)["op_code"] == 4 for line in lines[: number - 1])
    assert f" in line {number} of {len(lines)}; the {trials} trials before it are whole. " in said
    shown = re.search(r": (cp .*); or start", said)
    assert shown is not None
    subprocess.run(shown[1], shell=True, check=True)
    assert timeless(go(definition, tmp_path)) == timeless(undisturbed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"op_code":4', b'"op_code":44'),
        (b'"number":5', b'"number":"five"'),
        (b'"number":5', b'"number":6'),
        (b'"record":', b'"recor":'),
        (b'"results":', b'"result":'),
        (b'"results":[', b'"results":[],"was":['),
        (b'"distributions":', b'"distribution":'),
        (b'"definition":{"study":{', b'"definition":{"study":{"own":1,'),
        (b'"data":{', b'"date":{'),
        (b'"attainable":{', b'"attainable":{"own":1,'),
        (b'"attainable":{', b'"attainable":["metric"],"own":{'),
    ],
    ids=repr,
)
def test_a_line_of_another_meaning_is_refused(
    definition: StudyDefinition, tmp_path: Path, journal: Path, old: bytes, new: bytes
) -> None:
    content = journal.read_bytes()
    assert old in content
    journal.write_bytes(content.replace(old, new, 1))
    refusal(definition, tmp_path)


def test_a_lost_line_is_noticed(definition: StudyDefinition, tmp_path: Path, journal: Path) -> None:
    lines = lines_of(journal)
    lost = next(index for index, line in enumerate(lines) if b'"number":5' in line)
    journal.write_bytes(b"".join(lines[:lost] + lines[lost + 1 :]))
    assert "trial 5 is missing" in refusal(definition, tmp_path)


def test_what_is_cut_off_is_kept_and_said(
    definition: StudyDefinition, tmp_path: Path, journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    *whole, last = lines_of(journal)
    torn = b"".join(whole) + last[:-2]
    journal.write_bytes(torn)
    with caplog.at_level(logging.WARNING, "vaebench"):
        RecordStore.open(tmp_path, "small")
        assert (journal.read_bytes(), caplog.messages) == (torn, []), "who reads changes nothing"
        RecordStore.create_or_open(tmp_path, definition)
    assert journal.read_bytes() == b"".join(whole)
    kept = journal.with_name("journal.log.cut")
    assert journal.read_bytes() + kept.read_bytes() == torn + b"\n"
    (said,) = caplog.messages
    assert str(journal) in said
    assert kept.name in said


@pytest.mark.parametrize("unreadable", ["", '{"op_code":99,"worker_id":"x"}\n', '{"op_code":4}\n', '{"op_co'])
def test_a_record_of_a_later_format_is_refused_and_left_alone(
    definition: StudyDefinition, tmp_path: Path, journal: Path, unreadable: str
) -> None:
    content = journal.read_text()
    number = f'"user_attr":{{"format":{FORMAT}}}'
    assert content.count(number) == 1
    journal.write_text(content.replace(number, f'"user_attr":{{"format":{FORMAT + 1}}}') + unreadable)
    assert refusal(definition, tmp_path) == (
        f"{journal}: a later version of vaebench wrote this record (format {FORMAT + 1}, and this version reads up to "
        f"{FORMAT}): install that version, or keep records elsewhere"
    )


def test_a_study_of_the_first_version_has_the_number_once_it_goes_on(
    definition: StudyDefinition, tmp_path: Path, journal: Path
) -> None:
    lines = lines_of(journal)
    journal.write_bytes(b"".join(line for line in lines if b'"user_attr":{"format"' not in line))
    before = RecordStore.open(tmp_path, "small").record()
    assert run(definition, home=tmp_path, executors=evaluated_by(cheap)) == before
    assert b'"user_attr":{"format":' in lines_of(journal)[-1]

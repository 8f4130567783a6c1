"""Wrong input: exit status 2, one clear message that fits a screen, no traceback, nothing written."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from command_line import STUDY, environment, invoke, process, tree
from unprivileged import unprivileged

from vaebench.files import JOURNAL
from vaebench.search import scheduler
from vaebench.search.lock import lock
from vaebench.search.store import RecordStore
from vaebench.study.file import load

NORM = 'distribution = { name = "norm", loc = 100, scale = 10 }\nrows = 40'


def check_message(output: str, *words: str) -> None:
    """Check that the message is there, whole, and fits a screen of 80 x 24."""
    assert sum(line.lower().startswith("error: ") for line in output.splitlines()) == 1, output
    assert sum(1 + len(line) // 80 for line in output.splitlines()) <= 24, output
    assert "Traceback" not in output
    for word in words:
        assert word in output, f"{word!r} is not in {output!r}"


def refused(*arguments: object, words: tuple[str, ...]) -> None:
    """Check that a command is refused and writes nothing, and that what workers are forked from has ended."""
    before = tree(Path())
    result = invoke(*arguments, status=2)
    assert result.stdout == ""
    check_message(result.stderr, *words)
    assert tree(Path()) == before
    assert not [child for child in psutil.Process().children() if "forkserver" in " ".join(child.cmdline())]


STUDY_FILES = {
    "broken TOML": ("[study]", "[study", ("line 2, column 7",)),
    "unknown key": ("trials = 12", "trails = 12", ("[study]", "'trails'", "did you mean 'trials'?")),
    "text column": (NORM, 'file = "text.csv"', ("text.csv", "not numeric: b", 'kind = "category"')),
}
"""One of each kind: tests/study/test_study_file.py and tests/data_sets/test_file.py have them all."""


@pytest.mark.parametrize(("old", "new", "words"), STUDY_FILES.values(), ids=list(STUDY_FILES))
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_study_file(folder: Path, command: str, old: str, new: str, words: tuple[str, ...]) -> None:
    assert STUDY.count(old) == 1
    (folder / "wrong.toml").write_text(STUDY.replace(old, new))
    (folder / "text.csv").write_text("a,b\n1,x\n2,5\n3,6\n")
    refused(command, "wrong.toml", words=("wrong.toml", *words))


def test_a_study_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "latin.toml").write_bytes(b"[study]\nname = '\xe9'\n")
    (folder / "studies").mkdir()
    (folder / "pyproject.toml").touch()
    refused("run", "smal.toml", words=("smal.toml", "No such file", "did you mean 'small.toml'?"))
    refused("run", "project.toml", words=("project.toml: the study file cannot be read: No such file or directory\n",))
    refused("run", "studies", words=("Is a directory",))
    refused("run", "latin.toml", words=("not UTF-8 text (byte 16)",))
    refused("run", "small.toml/x.toml", words=("Not a directory",))


def test_without_permission(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.toml"
    secret.write_text(STUDY)
    secret.chmod(0)
    (folder / "locked").mkdir(mode=0o500)
    unprivileged(lambda: refused("check", secret, words=("Permission denied",)))
    unprivileged(lambda: refused("run", "small.toml", "--home", "locked", words=("locked", "no permission to write")))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trials", "0"], ("'--trials'", "x>=1")),
        (["--trials", "many"], ("'--trials'", "'many' is not a valid integer")),
        (["--time", "3y"], ("'--time'", "'3y'", "90s, 10m or 2h")),
        (["--time", "-5m"], ("'--time'", "'-5m'")),
        (["--workers", "-1"], ("workers = -1", "0 (this process) or more")),
        (["--workers", "2", "--cluster", "tcp://127.0.0.1:1"], ("workers and cluster exclude each other",)),
        (["--cluster", "nofile"], ("'nofile' is neither a scheduler file", "nor an address such as tcp://")),
        (["--cluster", "small.toml/"], ("'small.toml/' is neither a scheduler file that exists",)),
        (["--cluster", "none.json"], ("scheduler file 'none.json' does not exist",)),
        (["--cluster", "tcp://127.0.0.1:1"], ("no Dask scheduler answers at 'tcp://127.0.0.1:1'",)),
        (["--home", "small.toml"], ("small.toml is no folder",)),
        (["--home", "small.toml/runs"], ("small.toml is no folder",)),
        (["--fresh", "--trails", "3"], ("No such option", "--trials")),
        (["second.toml"], ("unexpected extra argument", "second.toml")),
    ],
)
def test_wrong_options_of_run(
    folder: Path, arguments: list[str], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.2)
    refused("run", "small.toml", *arguments, words=words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--home", "runs", "status"], ("--home belongs behind a command: vaebench run ... --home",)),
        (["check", "small.toml", "--home", "runs"], ("check has no --home, which is an option of run, status",)),
        (["leaderboard", "small", "--trial", "3"], ("leaderboard has no --trial, which is an option of generate",)),
        (["check", "small.toml", "--trails", "3"], ("No such option", "--trials")),
    ],
)
def test_an_option_where_it_does_not_belong(folder: Path, arguments: list[str], words: tuple[str, ...]) -> None:
    refused(*arguments, words=words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["leaderboard", "smal"], ("unknown study 'smal'; did you mean 'small'? (known: small)",)),
        (["leaderboard", "../small"], ("unknown study '../small'",)),
        (["leaderboard", "small/"], ("unknown study 'small/'",)),
        (["leaderboard", ""], ("unknown study ''",)),
        (["leaderboard", "a" * 300], ("unknown study 'aaa",)),
        (["check", f"{'a' * 300}.toml"], ("the study file cannot be read: File name too long",)),
        (["leaderboard", "small", "--home", "a" * 300], ("home", "File name too long")),
        (["leaderboard", "other.toml"], ("other.toml", "No such file")),
        (["leaderboard", "small", "--home", "elsewhere"], ("elsewhere: unknown study 'small' (known: none)",)),
        (["leaderboard", "small", "--csv", "none/x.csv"], ("cannot write none/x.csv", "folder none does not exist")),
        (["leaderboard", "small", "--csv", "runs"], ("cannot write runs: it is a folder",)),
        (["leaderboard", "small", "-o", "x.xls"], ("cannot write x.xls", ".csv, .json, .md, .parquet")),
        (["leaderboard", "small", "--top", "0"], ("'--top'", "x>=1")),
        (["status", "other"], ("unknown study 'other' (known: small)",)),
        (["ui", "other"], ("unknown study 'other' (known: small)",)),
        (["ui", "--home", "elsewhere"], ("no study was run in", "elsewhere")),
        (["ui", "--port", "0"], ("'--port'", "1<=x<=65535")),
        (["confirm", "other"], ("unknown study 'other' (known: small)",)),
        (["confirm", "small", "--top", "0"], ("'--top'", "x>=1")),
        (["confirm", "small", "--replicates", "no"], ("'--replicates'", "'no' is not a valid integer")),
        (["confirm", "small", "--workers", "-2"], ("workers = -2",)),
        (["generate", "other", "-o", "x.csv"], ("unknown study 'other' (known: small)",)),
        (["generate", "small", "-o", "x.csv", "-n", "0"], ("'-n'", "x>=1")),
        (["generate", "small", "-o", "x.csv", "--trial", "1"], ("trial 1 of study 'small' failed", "nan in epoch 2")),
        (["generate", "small", "-o", "x.csv", "--trial", "2"], ("has no trial 2", "0 to 1")),
        (["generate", "small", "-o", "x.csv", "--trial", "-1"], ("has no trial -1",)),
        (["generate", "small", "-o", "x.xls"], ("x.xls", ".csv, .json, .md, .parquet")),
        (["generate", "small", "-o", "none/x.csv"], ("none/x.csv", "does not exist")),
        (["generate", "small", "-o", "folder.csv"], ("folder.csv", "it is a folder")),
        (["report", "other"], ("unknown study 'other' (known: small)",)),
        (["report", "small", "-o", "none/x.html"], ("cannot write none/x.html", "folder none does not exist")),
        (["report", "small", "-o", "runs"], ("cannot write runs: it is a folder",)),
        (["generate", "small"], ("Missing option '-o'",)),
        (["generat", "small"], ("No such command 'generat'",)),
    ],
)
def test_wrong_arguments_of_other_commands(recorded: Path, arguments: list[str], words: tuple[str, ...]) -> None:
    Path("folder.csv").mkdir()
    refused(*arguments, words=words)


def test_a_port_that_is_taken(recorded: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused("ui", "--port", port, words=(f"port {port} cannot be served", "choose another with --port"))


@pytest.mark.parametrize("study", ["small", "small.toml", "./small.toml"])
def test_a_study_is_given_by_name_or_file(recorded: Path, study: str) -> None:
    assert "best is trial 0, score 1.000" in invoke("status", study).stdout


def test_a_changed_definition_under_an_old_name(recorded: Path) -> None:
    text = (
        STUDY.replace("scale = 10", "scale = 11")
        .replace("epochs = 20", "epochs = 30")
        .replace("vae = { beta = 0.1 }\n", "")
    )
    Path("small.toml").write_text(text)
    words = ("study 'small' exists with another definition", "data.distribution.scale: 10 -> 11", "fixed.epochs: 20 ->")
    refused("run", "small.toml", words=(*words, "vae"))


def test_a_changed_data_file_under_an_old_name(folder: Path) -> None:
    text = STUDY.replace(NORM, 'file = "rows.csv"')
    Path("small.toml").write_text(text)
    Path("rows.csv").write_text("a\n" + "\n".join(str(i * i) for i in range(40)))
    with lock(folder / "runs", "small"):
        RecordStore.create_or_open(folder / "runs", load(Path("small.toml")))
    Path("rows.csv").write_text("a\n" + "\n".join(str(i * i) for i in range(41)))
    refused("run", "small.toml", words=("another definition", "data.file: its content has changed", "40 -> 41 rows"))


def test_a_study_that_another_process_runs(recorded: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from vaebench.search.lock import lock\n"
        "with lock(Path('runs'), 'small'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for arguments in (["run", "small.toml"], ["run", "small.toml", "--fresh"], ["confirm", "small"]):
            refused(*arguments, words=(f"study 'small' is being run by process {process.pid}",))
        process.kill()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "none.toml"], ("none.toml: the study file cannot be read: No such file or directory",)),
        (["run", "broken.toml"], ("broken.toml: broken TOML", "line 2, column 7")),
        (["run", "unknown.toml"], ("unknown.toml: [study] unknown key 'trails'", "did you mean 'trials'?")),
        (["run", "other.toml"], ("another definition", "study.seed: 0 -> 5")),
        (["run", "small.toml", "--workers", "-1"], ("workers = -1",)),
        (["leaderboard", "nobody"], ("unknown study 'nobody' (known: small)",)),
        (["generate", "small", "-o", "none/x.csv"], ("none/x.csv",)),
    ],
)
def test_the_process_ends_with_status_2(recorded: Path, arguments: list[str], words: tuple[str, ...]) -> None:
    for name, old, new in (
        ("broken", "[study]", "[study"),
        ("unknown", "trials", "trails"),
        ("other", "[study]", "[study]\nseed = 5"),
    ):
        Path(f"{name}.toml").write_text(STUDY.replace(old, new))
    before = tree(Path())
    ended = process(*arguments, cwd=Path())
    assert (ended.returncode, ended.stdout) == (2, "")
    check_message(ended.stderr, *words)
    assert tree(Path()) == before


@pytest.mark.parametrize("arguments", [["leaderboard", "small"], ["variants"], ["status"], ["check", "small.toml"]])
def test_a_reader_that_has_gone_away_is_no_error(recorded: Path, arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "vaebench", *arguments]
    with os.fdopen(writer, "w") as output:
        ended = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, text=True, env=environment(), timeout=60, check=False
        )
    assert ended.stderr == ""


def test_a_damaged_record_is_one_message_and_hides_no_other_study(recorded: Path) -> None:
    damaged = recorded / "studies" / "broken"
    shutil.copytree(recorded / "studies" / "small", damaged)
    first, *rest = (damaged / JOURNAL).read_bytes().splitlines(keepends=True)
    (damaged / JOURNAL).write_bytes(first + b"{ broken\n" + b"".join(rest))
    lines = invoke("status").stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["broken", "small"]
    assert "the record is damaged" in lines[0]
    assert "best is trial 0, score 1.000" in lines[1]
    for command in (["status", "broken"], ["leaderboard", "broken"], ["generate", "broken", "-o", "x.csv"]):
        refused(*command, words=("broken/journal.log: the record is damaged", "start the study over with --fresh"))

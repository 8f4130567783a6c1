"""Places that may not be written, each by itself: one line that names the file, and nothing lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cheap_evaluations import scale
from hand_made import timed_study, timed_trial
from small_studies import STUDY, go
from unprivileged import unprivileged

from vaebench.errors import in_words
from vaebench.files import study_folder
from vaebench.results.standings import standings
from vaebench.search.store import RecordStore
from vaebench.study.file import load
from vaebench.tracking.repair import repair
from vaebench.tracking.sync import bring_up_to_date


def bound(call: Callable[[], object]) -> object:
    """Return what `call` returns, bound by the modes of files."""
    returned: list[object] = []
    unprivileged(lambda: returned.append(call()))
    return returned[0]


def test_a_journal_that_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", scale)
    (tmp_path / "study.toml").write_text(STUDY)
    definition = load(tmp_path / "study.toml")
    go(definition, tmp_path, trials=3, confirm=False)
    journal = study_folder(tmp_path, "small") / "journal.log"
    before = journal.read_bytes()
    journal.chmod(0o400)
    with pytest.raises(OSError, match="Permission denied") as refused:
        unprivileged(lambda: go(definition, tmp_path))
    assert in_words(refused.value) == f"{journal}: Permission denied"
    assert journal.read_bytes() == before
    record = bound(lambda: RecordStore.open(tmp_path, "small").record())
    assert record == RecordStore.open(tmp_path, "small").record()


@pytest.mark.parametrize("place", ["mlflow.db", "artifacts", "studies/gaussian"])
def test_a_place_of_mlflows_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    from mlflow.tracking._tracking_service import utils

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    home = tmp_path / "home"
    assert bring_up_to_date(home, standings(timed_study([timed_trial(0)])), {}).warning is None
    home = home.rename(tmp_path / "read only")  # MLflow keeps connections to a file that it knows, and places of files
    utils._artifact_repos_cache.clear()
    modes = {path: path.stat().st_mode for path in (*home.glob(f"{place}*"), *(home / place).rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    rows = standings(timed_study([timed_trial(0), timed_trial(1)]))

    def warned() -> str | None:
        repair(home, thorough=True)  # as whoever writes does first: the home was moved
        return bring_up_to_date(home, rows, {}).warning

    warning = bound(warned)
    for path, mode in modes.items():
        path.chmod(mode)
    assert isinstance(warning, str)
    assert "ermission denied" in warning or "readonly database" in warning
    assert "\n" not in warning
    utils._artifact_repos_cache.clear()
    home = home.rename(tmp_path / "writable again")
    assert warned() is None

"""What writes a study file."""

import pytest
from study_files import text_of


@pytest.fixture
def study(tmp_path):
    def write(text=None, **sections):
        path = tmp_path / "s.toml"
        path.write_text(text_of(**sections) if text is None else text, encoding="utf-8")
        return path

    return write

"""The experiment on the simulated tables: its studies are valid, and identity has minus the entropy."""

from pathlib import Path

import pytest

from vaebench.study.file import load

FOLDER = Path(__file__).parents[2] / "experiments"


def test_training_rows_in_place_of_generated_ones_have_minus_the_entropy(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(FOLDER / "simulated"))
    import simulated

    file = tmp_path / "study.toml"
    file.write_text(simulated.text_of("ring", 3).replace("20000", "4000").replace("10000", "2000"))
    definition = load(file)
    assert (definition.name, definition.trials) == ("simulated-ring", 3)
    replicate = definition.replicate("confirm", 0)
    entropy = simulated.entropy_of(replicate)
    assert entropy == pytest.approx(1.70, abs=0.005), "the published table's identity"
    for name in ("identity", "Gaussian mixture"):
        assert simulated.fitness(name, None, replicate) == pytest.approx((-entropy, -entropy), abs=0.06)

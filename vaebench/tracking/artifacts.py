"""What shows how good a trial's generator is, made where it is fitted: pictures, samples, and the model itself."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

SAMPLES = 15_000
"""Rows of samples.csv and of the picture."""


@dataclass(frozen=True)
class Exhibit:
    """Files by name, as a worker hands them over."""

    columns: tuple[str, ...]
    model: dict[str, bytes]
    """What `vaebench.trial.generator.Generator.save` writes."""
    files: dict[str, bytes]
    """generated_against_true.png, loss_curves.png, samples.csv; for several columns pairs_of_columns.png."""


def exhibit(spec: Spec, replicate: Replicate, title: str) -> Exhibit:
    """Fit `spec` to `replicate` and show what came of it. Raises FittingError where it breaks down."""
    import pandas as pd

    from vaebench.results.plots.generated_against_true import generated_against_true
    from vaebench.results.plots.loss_curves import loss_curves
    from vaebench.results.plots.pairs_of_columns import pairs_of_columns
    from vaebench.trial.generator import Generator

    generator = Generator.fit(spec, replicate)
    rows, draw = generator.generate(SAMPLES, seed=0), generator.draw
    with TemporaryDirectory() as folder:
        model, shown = Path(folder) / "model", Path(folder) / "shown"
        shown.mkdir()
        generator.save(model)
        subject = rows, draw.true, draw.train, generator.columns, title
        generated_against_true(*subject).savefig(shown / "generated_against_true.png")
        if len(generator.columns) > 1:
            pairs_of_columns(*subject).savefig(shown / "pairs_of_columns.png")
        loss_curves(generator.result.curves).savefig(shown / "loss_curves.png")
        pd.DataFrame(rows, columns=list(generator.columns)).to_csv(shown / "samples.csv", index=False)
        return Exhibit(generator.columns, _files(model), _files(shown))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}

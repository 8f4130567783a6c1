"""The report: one page that holds everything, loads nothing, and shows names as text."""

import dataclasses
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hand_made import DEFINITION, many_digits, record, trial
from small_specs import small_definition, small_spec, small_trial

from vaebench.data_sets.file import File
from vaebench.results.leaderboard import leaderboard
from vaebench.results.report import page
from vaebench.results.standings import standings
from vaebench.results.table import HEADINGS
from vaebench.study.records import Diagnosis, Finding
from vaebench.tracking.artifacts import make_artifacts
from vaebench.trial.plot_data import PlotData


class Page(HTMLParser):
    """What a page consists of: its elements, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data.strip())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def fitted():
    return PlotData.of_trial(small_trial(small_spec("ae", latent_sampler="gaussian")), small_definition())


def test_it_holds_every_picture_and_loads_nothing(fitted):
    study = many_digits()
    shown = Page(page(standings(study), standings(study).best.number, fitted))
    pictures = [b64decode(image["src"].removeprefix("data:image/png;base64,")) for image in shown.of("img")]
    assert len(pictures) == 5
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert all(image["alt"] for image in shown.of("img"))
    elsewhere = [
        value for _, attributes in shown.elements for name, value in attributes.items() if name in ("src", "href")
    ]
    assert len(elsewhere) == 5
    assert not {"script", "link", "iframe"} & {tag for tag, _ in shown.elements}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, when it saves a model
def test_several_columns_are_shown_against_each_other_there_and_in_the_winners_run(tmp_path):
    rows = np.random.default_rng(0).multivariate_normal([5.0, -5.0], [[1.0, 0.8], [0.8, 1.0]], 100)
    pd.DataFrame(rows, columns=["a", "b"]).to_csv(tmp_path / "rows.csv", index=False)
    definition = small_definition(data_set=File.parse("rows.csv", tmp_path))
    best = small_trial(small_spec("ae", latent_sampler="gaussian"))
    study = many_digits()
    shown = Page(page(standings(study), standings(study).best.number, PlotData.of_trial(best, definition)))
    assert [image["alt"] for image in shown.of("img")][1].startswith("Columns against each other")
    files = make_artifacts(best, definition).files
    for name in ("pairs_of_columns.png", "reconstructions.png"):
        assert files[name].startswith(b"\x89PNG")


def test_it_says_how_well_rows_come_back_beside_what_is_generated(fitted):
    study = many_digits()
    known = dataclasses.replace(
        fitted,
        generated=fitted.draw.true + 1e9,
        train=dataclasses.replace(fitted.train, reconstructions=fitted.train.rows),
        test=dataclasses.replace(fitted.test, reconstructions=fitted.test.rows + 0.25 * fitted.test.units),
    )
    text = " ".join(" ".join(Page(page(standings(study), standings(study).best.number, known)).text).split())
    assert (
        "Training rows come back with an error of 0.0% of the spread, test rows with 25.0%, and generated rows have a "
        "KS of 1.000: good reconstructions make no good generator" in text
    )


def test_its_table_is_the_leaderboard(fitted):
    study = many_digits()
    shown = Page(page(standings(study), standings(study).best.number, fitted))
    frame = leaderboard(standings(study))
    headings = [attributes for attributes in shown.of("tr") if attributes.get("class") == "heading"]
    assert len(headings) == 1
    assert HEADINGS["searched"] in shown.text
    assert len(shown.of("tr")) == 1 + len(headings) + int((frame["status"] != "failed").sum())
    assert "1 failed: loss is NaN in epoch 3" in shown.text
    assert "13 of 100 trials, 3 confirmed, 9 searched, 1 failed. Columns of the data: x." in shown.text


def test_it_tells_why_each_confirmed_trial_is_off(fitted):
    finding = Finding("no_decoder_noise", "Spread too small: std ratio 0.71.", 1.0)
    diagnosed = dataclasses.replace(trial(0, [1.0] * 3, [2.0] * 8), diagnosis=Diagnosis((finding,), {}))
    measured = {"as_is.score": 2.5, "codes.score": 2.4, "noise.score": 2.45, "codes_noise.score": 2.35}
    other = dataclasses.replace(trial(1, [1.5] * 3, [2.5] * 8), diagnosis=Diagnosis((), measured))
    broken = dataclasses.replace(trial(2, [1.5] * 3, [2.6] * 8), diagnosis=Diagnosis((), {}))
    text = Page(page(standings(record(diagnosed, other, broken)), 0, fitted)).text
    start = text.index("Trial 0, vae, score 2.00")
    assert text[start + 1 : start + 5] == [
        "",
        "no_decoder_noise",
        ": Spread too small: std ratio 0.71. Set decoder_noise = true.",
        "",
    ]
    assert text[text.index("Trial 1, vae, score 2.50") + 2] == (
        "No single part explains a difference of 0.25 or more: score 2.50 as it is, 2.40 with the codes of the "
        "training rows, 2.45 with decoder noise, 2.35 with both."
    )
    assert text[text.index("Trial 2, vae, score 2.60") + 2].startswith("It could not be diagnosed: it broke down")


def test_luck_is_spoken_of_where_trials_were_chosen(fitted):
    confirmed, left_out = trial(0, [1.0] * 3, [2.0] * 8), trial(1, [1.5] * 3)
    some, every = (
        " ".join(" ".join(Page(page(standings(record(*trials)), 0, fitted)).text).split())
        for trials in ([confirmed, left_out], [confirmed])
    )
    assert "Trials were chosen for their scores in the search" in some
    assert "All trials were confirmed, so none was chosen for its luck" in every


def test_before_any_confirmation_there_is_no_word_of_luck(fitted):
    study = record(trial(0, [1.0, 2.0]))
    shown = Page(page(standings(study), 0, fitted))
    assert len(shown.of("img")) == 4
    assert "How much of it was luck?" not in shown.text
    assert "Why is it off?" not in shown.text


def test_it_says_how_far_the_study_is_and_no_folder(fitted):
    study = dataclasses.replace(
        record(trial(0, [1.0])),
        definition=dataclasses.replace(
            DEFINITION, trials=24, data_set=File("/home/someone/secret/rows.csv", ("x",), "", 90)
        ),
    )
    html = page(standings(study), 0, fitted)
    assert "1 of 24 trials, 1 searched." in html
    assert "rows.csv" in html
    assert "secret" not in html


def test_names_are_text(fitted):
    hostile = "<script>alert(1)</script> & <b>"
    data_set = File("rows.csv", ("<u>",), "", 90)
    study = dataclasses.replace(
        record(trial(0, [1.0], loss=hostile)),
        definition=dataclasses.replace(DEFINITION, name="<i>", question=hostile, data_set=data_set),
    )
    html = page(standings(study), 0, fitted)
    shown = Page(html)
    assert not {"script", "i", "u", "b"} & {tag for tag, _ in shown.elements}
    assert hostile in shown.text

"""A file that is no study file, and wrong [study], [data], [evaluation] and [confirm]: each is one clear message."""

import pytest
from study_files import check_refused, text_of
from unprivileged import unprivileged

from vaebench.errors import InputError
from vaebench.study.file import load

NORM = {"distribution": {"name": "norm"}}


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        # [study]
        ({"study": {}}, ["[study]", "name is missing"]),
        ({"study": {"name": "a/b"}}, ["[study]", 'name = "a/b"', "letters, digits"]),
        ({"study": {"name": "..\\b"}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": ".."}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": ""}}, ["[study] name", "1 to 100"]),
        ({"study": {"name": "a" * 101}}, ["[study] name", "1 to 100"]),
        ({"study": {"name": "a\n"}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": "s", "trails": 3}}, ["[study]", "'trails'", "known:", "did you mean 'trials'"]),
        ({"study": {"name": "s", "trials": 0}}, ["[study] trials = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "trials": "10"}}, ['[study] trials = "10"', "valid integer"]),
        ({"study": {"name": "s", "trials": True}}, ["[study] trials = true", "valid integer"]),
        ({"study": {"name": "s", "trials": 10.0}}, ["[study] trials = 10.0", "valid integer"]),
        ({"study": {"name": "s", "replicates": 0}}, ["[study] replicates = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "batch": 0}}, ["[study] batch = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "seed": -1}}, ["[study] seed = -1", "greater than or equal to 0"]),
        ({"study": {"name": "s", "sampler": "tpx"}}, ["[study] sampler", "'tpx'", "nsga2", "did you mean 'tpe'"]),
        ({"study": {"name": "s", "objectives": []}}, ["[study] objectives = []", "at least 1"]),
        ({"study": {"name": "s", "objectives": ["kss"]}}, ["[study] objectives", "'kss'", "did you mean 'ks'"]),
        ({"study": {"name": "s", "objectives": ["ks", "ks"]}}, ["[study] objectives", "listed twice"]),
        ({"study": {"name": "s", "pruning": True}}, ["[study] replicates = 3 with pruning = true", "more than 4"]),
        (
            {"study": {"name": "s", "pruning": True, "replicates": 8, "objectives": ["ks", "std_error"]}},
            ["[study] pruning = true", "one objective", "there are 2"],
        ),
        (
            {"study": {"name": "s", "objectives": ["wasserstein", "std_error", "score"]}},
            ["[study] objectives", "'score' is made of ks, mean_error, std_error", "does not stand beside them"],
        ),
        (
            {"study": {"name": "s", "objectives": ["score", "correlation_error"]}},
            ["[study] objectives", "'correlation_error' is between columns", "the data have one", "wasserstein"],
        ),
        (
            {
                "study": {"name": "s", "objectives": ["score", "association_error"]},
                "data": {"correlated": {}},
            },
            ["[study] objectives", "'association_error' is of categories", "correlation_error is the same of numbers"],
        ),
        ({"study": {"name": "s", "objectives": ["sliced_waserstein"]}}, ["did you mean 'sliced_wasserstein'"]),
        ({"study": {"name": "s", "objectives": "ks"}}, ['[study] objectives = "ks"', "list"]),
        # [data]
        ({"data": {}}, ["[data]", "one data set is expected", "distribution, file, grid"]),
        ({"data": {"distribution": {"name": "norm"}, "file": "a.csv"}}, ["[data]", "one data set", "there are 2"]),
        ({"data": {"distributon": {"name": "norm"}}}, ["[data]", "'distributon'", "did you mean 'distribution'"]),
        ({"data": {"distribution": {"name": "norml"}}}, ["[data]", "'norml'", "did you mean 'norm'", "lognorm"]),
        ({"data": {"distribution": {"name": "norm", "scale": -1}}}, ["[data]", "scipy refuses", "scale = -1"]),
        ({"data": {"distribution": {"name": "cauchy"}}}, ["[data]", "no finite mean"]),
        ({"data": {"file": "none.csv"}}, ["[data]", "none.csv", "No such file"]),
        (
            {"data": {"distribution": {"name": "norm"}, "test_fraction": 0}},
            ["[data] test_fraction = 0", "greater than 0"],
        ),
        (
            {"data": {"distribution": {"name": "norm"}, "test_fraction": 1.0}},
            ["[data] test_fraction = 1.0", "less than 1"],
        ),
        (
            {"data": {"distribution": {"name": "norm"}, "rows": 4}},
            ["[data] rows = 4", "3 training and 1 test", "too few"],
        ),
        ({"data": {"distribution": {"name": "norm"}, "rows": 0}}, ["[data] rows = 0", "greater than or equal to 1"]),
        ({"data": {"distribution": {"name": "norm"}, "rows": "9"}}, ['[data] rows = "9"', "valid integer"]),
        # [data.columns]
        ({"data": NORM | {"columns": {"y": {"min": 0}}}}, ["[data] columns: unknown column 'y'", "known: x"]),
        ({"data": NORM | {"columns": {"x": {"mim": 0}}}}, ["[data] columns.x", "'mim'", "did you mean 'min'"]),
        ({"data": NORM | {"columns": {"x": {}}}}, ["[data] columns.x = {}", "min, max or both"]),
        ({"data": NORM | {"columns": {"x": 0}}}, ["[data] columns.x = 0", "such as { min = 0 }"]),
        ({"data": NORM | {"columns": {"x": {"min": "0"}}}}, ["[data] columns.x", 'min = "0"', "a number from"]),
        ({"data": NORM | {"columns": {"x": {"min": True}}}}, ["[data] columns.x", "min = true", "a number from"]),
        ({"data": NORM | {"columns": {"x": {"min": 10**400}}}}, ["[data] columns.x", "a number from -1e300"]),
        ({"data": NORM | {"columns": {"x": {"min": 5, "max": 3}}}}, ["[data] columns.x", "5 is not below 3"]),
        ({"data": NORM | {"columns": ["x"]}}, ['[data] columns = ["x"]', "a table of columns", "income"]),
        ({"data": NORM | {"columns": {"x": {"min": 0}}}}, ["columns.x: the data set draws -", "outside min = 0"]),
        ({"data": NORM | {"learn_support": "yes"}}, ['[data] learn_support = "yes"', "valid boolean"]),
        # [evaluation], [confirm]
        ({"evaluation": {"generated": 1}}, ["[evaluation] generated = 1", "greater than or equal to 2"]),
        ({"evaluation": {"generate": 9}}, ["[evaluation]", "'generate'", "did you mean 'generated'"]),
        ({"confirm": {"top": -1}}, ["[confirm] top = -1", "greater than or equal to 0"]),
        ({"confirm": {"replicates": 0}}, ["[confirm] replicates = 0", "greater than or equal to 1"]),
        # sections
        ({"searh": {}}, ["section 'searh'", "did you mean 'search'"]),
    ],
)
def test_a_wrong_section_is_one_message_with_file_section_key_value_and_what_is_allowed(study, sections, words):
    check_refused(study(**sections), words)


def test_broken_toml_names_line_and_column(study):
    with pytest.raises(InputError, match=r"s\.toml: broken TOML: .*line 2, column 8"):
        load(study("[study]\nname = \n"))
    with pytest.raises(InputError, match="nested too deeply"):
        load(study("a = " + "[" * 100_000))


def test_a_missing_file_names_the_nearest(study):
    folder = study().parent
    for name in ("pyproject.toml", "gaussian.toml", "studies/bimodal.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    for name, nearest in (("gausian", "gaussian.toml"), ("bimodl.toml", "studies/bimodal.toml")):
        with pytest.raises(InputError, match=f"{name}: .*No such file.*; did you mean '{folder / nearest}'"):
            load(folder / name)
    for name in ("t.toml", "project.toml", "none/gaussian.toml"):
        with pytest.raises(InputError, match=r"toml: the study file cannot be read: No such file or directory$"):
            load(folder / name)


def test_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[study]\nname = '\xe9'\n")
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 text \(byte 16\)"):
        load(tmp_path / "latin.toml")


def test_an_unreadable_file_is_refused(study):
    path = study()
    path.chmod(0)
    with pytest.raises(InputError, match=r"s\.toml.*Permission denied"):
        unprivileged(lambda: load(path))


@pytest.mark.parametrize("text", ["", "study = 3\n[data]\n", "[study]\nname = 's'\n", "[[study]]\n[data]\n"])
def test_missing_sections_and_sections_that_are_no_tables_are_refused(study, text):
    with pytest.raises(InputError, match=r"s\.toml: .*\[?(study|data)\]?"):
        load(study(text))


@pytest.mark.parametrize("section", ["fixed", "search", "compare", "evaluation", "confirm"])
def test_a_section_that_is_a_value_is_refused(study, section):
    with pytest.raises(InputError, match=rf"\[{section}\] .*table"):
        load(study(f"{section} = 3\n" + text_of()))


def test_too_few_rows_in_a_file_for_the_split(study, tmp_path):
    (tmp_path / "my.csv").write_text("a\n" + "".join(f"{i * i}\n" for i in range(10)))
    with pytest.raises(InputError, match=r"rows = 11: the data set has 10"):
        load(study(data={"file": "my.csv", "rows": 11}))
    with pytest.raises(InputError, match=r"rows = 10 .* 7 training and 3 test rows: too few, at least 2 and 4"):
        load(study(data={"file": "my.csv"}))
    assert load(study(data={"file": "my.csv", "test_fraction": 0.4})).rows == 10

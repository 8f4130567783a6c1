"""Wrong [fixed], [search] and [compare]: each is one clear message."""

import pytest
from study_files import check_refused, text_of

from vaebench.errors import InputError
from vaebench.study.file import load


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        # [fixed]
        ({"fixed": {"latent_dim": 0}}, ["[fixed] latent_dim = 0", "greater than or equal to 1"]),
        ({"fixed": {"latent_dim": 43}}, ["[fixed] latent_dim = 43", "less than or equal to 42"]),
        ({"fixed": {"latent_dim": True}}, ["[fixed] latent_dim = True", "valid integer"]),
        ({"fixed": {"latent_dims": 1}}, ["[fixed]", "'latent_dims'", "did you mean 'latent_dim'"]),
        ({"fixed": {"learning_rate": "fast"}}, ["[fixed] learning_rate = 'fast'", "valid number"]),
        ({"fixed": {"learning_rate": {"float": [0.1, 1]}}}, ["[fixed] learning_rate", "stands in [search]"]),
        ({"fixed": {"encoder": [8, 0]}}, ["[fixed] encoder", "greater than or equal to 1"]),
        ({"fixed": {"optimizer": "adm"}}, ["[fixed] optimizer = 'adm'", "'adam'"]),
        ({"fixed": {"seed": 3}}, ["[fixed]", "'seed'"]),
        ({"fixed": {"beta": 1}}, ["[fixed] beta is a parameter of ", "variant 'vae'", "write it there"]),
        ({"fixed": {"network": {"mlp": {"dropout": 0.1}}}}, ["[fixed]", "dropout stands beside network, not in 'mlp'"]),
        ({"fixed": {"variant": "vea"}}, ["[fixed]", "variant 'vea'", "known: aae, ae, ", "did you mean 'vae'"]),
        ({"fixed": {"loss": "msee"}}, ["[fixed]", "loss 'msee'", "huber", "did you mean 'mse'"]),
        ({"fixed": {"latent_sampler": "priors"}}, ["[fixed]", "latent sampler 'priors'", "did you mean 'prior'"]),
        ({"fixed": {"variant": {"ae": {}, "vae": {}}}}, ["[fixed] variant", "one variant is expected"]),
        ({"fixed": {"variant": {"vae": {"beat": 1}}}}, ["[fixed]", "'vae'", "'beat'", "did you mean 'beta'"]),
        ({"fixed": {"variant": {"vae": {"beta": 0}}}}, ["[fixed]", "vae.beta = 0", "greater than 0"]),
        ({"fixed": {"variant": {"vae": {"beta": {"float": [1, 2]}}}}}, ["[fixed]", "vae.beta", "valid number"]),
        # [search]
        ({"search": {"latent_dm": {"int": [1, 2]}}}, ["[search]", "'latent_dm'", "did you mean 'latent_dim'"]),
        (
            {"search": {"latent_dim": {"int": [0, 42]}}},
            ["[search] latent_dim.int = [0, 42]", "latent_dim = 0", "equal to 1"],
        ),
        ({"search": {"latent_dim": {"int": [1, 43]}}}, ["[search] latent_dim.int", "latent_dim = 43", "equal to 42"]),
        ({"search": {"latent_dim": {"int": [5, 1]}}}, ["[search] latent_dim.int = [5, 1]", "lowest value 5 is above"]),
        ({"search": {"latent_dim": {"int": [1.0, 5]}}}, ["[search] latent_dim.int", "lowest = 1.0", "whole number"]),
        ({"search": {"latent_dim": {"int": [False, True]}}}, ["[search] latent_dim.int", "false", "whole number"]),
        ({"search": {"latent_dim": {"int": ["1", 5]}}}, ["[search] latent_dim.int", '"1"', "whole number"]),
        ({"search": {"latent_dim": {"int": [1]}}}, ["[search] latent_dim.int = [1]", "[lowest, highest]"]),
        ({"search": {"latent_dim": {"int": 5}}}, ["[search] latent_dim.int = 5", "list"]),
        ({"search": {"latent_dim": {"float": [1, 5]}}}, ["[search] latent_dim.float", "valid integer"]),
        ({"search": {"latent_dim": {"int": [1, 5], "off": 50}}}, ["[search] latent_dim.int", "off: latent_dim = 50"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "off": 1.5}}},
            ["[search] latent_dim.int", "off = 1.5", "whole number"],
        ),
        ({"search": {"latent_dim": {"int": [1, 5], "step": 0}}}, ["[search] latent_dim.int", "step = 0", "above 0"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "step": 3}}},
            ["[search] latent_dim.int", "step = 3", "whole number"],
        ),
        (
            {"search": {"latent_dim": {"int": [1, 5], "step": 5}}},
            ["[search] latent_dim.int", "step = 5", "whole number"],
        ),
        ({"search": {"dropout": {"float": [0.1, 0.45], "step": 0.1}}}, ["dropout.float", "step = 0.1", "0.1 to 0.45"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "log": 1}}},
            ["[search] latent_dim.int", "log = 1", "true or false"],
        ),
        ({"search": {"latent_dim": {"int": [1, 5], "log": True, "step": 2}}}, ["latent_dim.int", "exclude each other"]),
        ({"search": {"latent_dim": {"int": [1, 5], "lgo": True}}}, ["latent_dim", "'lgo'", "did you mean 'log'"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "choice": [1]}}},
            ["[search] latent_dim", "one of int, float, choice"],
        ),
        ({"search": {"latent_dim": 5}}, ["[search] latent_dim = 5", "stands in [fixed]"]),
        ({"search": {"dropout": {"float": [0.0, 0.5], "log": True}}}, ["[search] dropout.float", "above 0"]),
        ({"search": {"dropout": {"float": [0.0, 1.0]}}}, ["[search] dropout.float", "dropout = 1.0", "less than 1"]),
        ({"search": {"dropout": {"float": [0.0, 10**400]}}}, ["[search] dropout.float", "too large"]),
        ({"search": {"batch_norm": {"int": [0, 1]}}}, ["[search] batch_norm.int", "valid boolean"]),
        ({"search": {"scaling": {"choice": []}}}, ["[search] scaling.choice = []", "at least one value"]),
        ({"search": {"scaling": {"choice": ["none", "none"]}}}, ["[search] scaling.choice", '"none" is listed twice']),
        ({"search": {"dropout": {"choice": [0, 0.0]}}}, ["[search] dropout.choice", "listed twice"]),
        ({"search": {"scaling": {"choice": ["standart"]}}}, ["[search] scaling.choice", "'standart'", "'standard'"]),
        ({"search": {"variant": {"one_of": {}}}}, ["[search] variant.one_of is empty", "ae", "vae"]),
        ({"search": {"variant": {"choice": ["ae"]}}}, ["[search] variant", "[search.variant.one_of]"]),
        ({"search": {"variant": {"one_of": {"vea": {}}}}}, ["[search] variant.one_of", "'vea'", "did you mean 'vae'"]),
        ({"search": {"variant": {"one_of": {"vae": 1}}}}, ["[search] variant.one_of", "vae = 1", "table"]),
        ({"search": {"variant": {"one_of": {"vae": {"bet": 1}}}}}, ["variant.one_of", "'bet'", "did you mean 'beta'"]),
        (
            {"search": {"variant": {"one_of": {"vae": {"beta": {"float": [0, 1], "log": True}}}}}},
            ["[search] variant.one_of: vae.beta.float = [0, 1]", "vae.beta = 0", "greater than 0"],
        ),
        (
            {"fixed": {"latent_dim": 1}, "search": {"latent_dim": {"int": [1, 2]}}},
            ["[search] latent_dim", "[fixed] too"],
        ),
        # impossible pairs
        (
            {"fixed": {"loss": "binary_crossentropy", "scaling": "standard"}},
            ["scaling = 'standard'", "'binary_crossentropy'", "'minmax'"],
        ),
        (
            {"fixed": {"scaling": "none"}, "search": {"loss": {"one_of": {"mse": {}, "binary_crossentropy": {}}}}},
            ["scaling = 'none'", "'binary_crossentropy'", "'minmax'"],
        ),
        (
            {"fixed": {"loss": "binary_crossentropy"}, "compare": {"scaling": ["minmax", "none"]}},
            ["[compare] scaling=none", "'binary_crossentropy'"],
        ),
        # sampler = "grid"
        (
            {"study": {"name": "s", "sampler": "grid"}, "search": {"dropout": {"float": [0.1, 0.2]}}},
            ["[search] dropout", "grid", "step"],
        ),
        # [compare]
        ({"compare": {"varian": ["ae"]}}, ["[compare]", "'varian'", "did you mean 'variant'"]),
        ({"compare": {"variant": "ae"}}, ['[compare] variant = "ae"', "list"]),
        ({"compare": {"variant": []}}, ["[compare] variant = []", "list"]),
        ({"compare": {"variant": ["ae", "ae"]}}, ["[compare] variant", "listed twice"]),
        ({"compare": {"variant": ["ae", "vea"]}}, ["[compare] variant", "'vea'", "did you mean 'vae'"]),
        ({"compare": {"variant": [1]}}, ["[compare] variant = 1", "name of a variant"]),
        ({"compare": {"latent_dim": [1, 0]}}, ["[compare] latent_dim = 0", "greater than or equal to 1"]),
        ({"compare": {"learning_rate": [1, 1.0]}}, ["[compare] learning_rate", "listed twice"]),
        ({"fixed": {"variant": "ae"}, "compare": {"variant": ["ae"]}}, ["[compare] variant", "[fixed] too"]),
        ({"compare": {"variant.vae.beta": [1.0]}}, ["[compare] variant.vae.beta", "variant = 'vae' alone"]),
        ({"fixed": {"variant": "vae"}, "compare": {"variant.vae.bta": [1]}}, ["[compare]", "'bta'", "'beta'"]),
        ({"fixed": {"variant": {"vae": {"beta": 1}}}, "compare": {"variant.vae.beta": [1]}}, ["fixed already"]),
        (
            {"search": {"variant": {"one_of": {"ae": {}}}}, "compare": {"variant": ["ae", "vae"]}},
            ["[compare] variant", "'vae'", "[search.variant.one_of]"],
        ),
    ],
)
def test_a_wrong_parameter_is_one_message_with_file_section_key_value_and_what_is_allowed(study, sections, words):
    check_refused(study(**sections), words)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "line",
    [
        "[fixed]\nlearning_rate = {}",
        "[search]\nlearning_rate.float = [0.1, {}]",
        "[search]\nlearning_rate = {{ float = [0.1, 1.0], step = {} }}",
        "[search]\ndropout = {{ float = [0.1, 0.5], off = {} }}",
        "[search]\nlearning_rate.choice = [0.1, {}]",
        "[fixed.variant.vae]\nbeta = {}",
        "[search.variant.one_of.vae]\nbeta.float = [0.1, {}]",
    ],
)
def test_numbers_that_are_not_finite_are_refused(study, line, value):
    with pytest.raises(InputError, match=r"s\.toml: \[(fixed|search)\]"):
        load(study(text_of() + line.format(value) + "\n"))


def test_numbers_of_thousands_of_digits_are_refused(study):
    with pytest.raises(InputError, match=r"s\.toml: broken TOML"):
        load(study(f"a = {'9' * 5000}"))
    with pytest.raises(InputError, match=r"\[fixed\] learning_rate = 9+: "):
        load(study(fixed={"learning_rate": int("9" * 400)}))

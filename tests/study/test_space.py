"""The space of a study: what can be suggested, and how many combinations there are."""

import itertools
import math

import optuna
import pytest
from scipy import stats

from vaebench.errors import InputError
from vaebench.study.space import Choice, Fixed, Float, Int, OneOf, RandomTrial, Space, UnitTrial
from vaebench.study.spec import Spec

SPACE = Space(
    {
        "variant": OneOf({"ae": {}, "vae": {"beta": Float(0.01, 10.0, log=True), "warm_up": Int(10, 50, off=0)}}),
        "loss": OneOf({"mse": {}, "binary_crossentropy": {}}),
        "latent_dim": Int(1, 42, log=True),
        "encoder": Choice(((200, 50), (8,))),
        "dropout": Float(0.05, 0.5, off=0.0),
        "scaling": Choice(("standard", "none")),
        "epochs": Fixed(7),
    }
)
GRID = Space(
    {
        "variant": OneOf({"ae": {}, "vae": {"beta": Choice((0.1, 1.0, 10.0)), "warm_up": Int(10, 50, step=20, off=0)}}),
        "loss": OneOf({"mse": {}, "huber": {"delta": Float(0.5, 1.5, step=0.5)}, "binary_crossentropy": {}}),
        "scaling": Choice(("standard", "none")),
        "batch_norm": Choice((False, True)),
    }
)


def optuna_study(seed: int = 0) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))


def test_an_optuna_trial_is_asked_paths_of_active_branches_only():
    study = optuna_study()
    seen = set()
    for _ in range(60):
        trial = study.ask()
        values = SPACE.suggest(trial)
        spec = Spec.from_flat({**values, "seed": 1})
        assert spec.epochs == 7
        assert ("variant.vae.beta" in trial.params) == (spec.variant.name == "vae")
        assert ("scaling" in trial.params) == (spec.loss.name == "mse")
        assert spec.scaling == "minmax" if spec.loss.name == "binary_crossentropy" else spec.scaling != "minmax"
        assert set(trial.params) <= set(SPACE.names)
        seen |= set(trial.params)
        study.tell(trial, 0.0)
    assert seen == set(SPACE.names)


def test_names_are_every_name_that_can_be_asked_in_a_fixed_order():
    assert SPACE.names == (
        "variant",
        "variant.vae.beta",
        "variant.vae.warm_up.off",
        "variant.vae.warm_up",
        "loss",
        "latent_dim",
        "encoder",
        "dropout.off",
        "dropout",
        "scaling",
    )
    assert SPACE.dimensions == 10


def test_off_is_exactly_that_value_or_in_range():
    values = [SPACE.suggest(RandomTrial(seed))["dropout"] for seed in range(100)]
    assert 25 < values.count(0.0) < 75
    assert all(value == 0.0 or 0.05 <= value <= 0.5 for value in values)


def test_a_random_trial_repeats_itself():
    points = [SPACE.suggest(RandomTrial(seed)) for seed in range(20)]
    assert points == [SPACE.suggest(RandomTrial(seed)) for seed in range(20)]
    assert len({str(point) for point in points}) == 20


def test_a_unit_point_enqueued_in_optuna_comes_out_as_its_own_values():
    study = optuna_study()
    corners = [[0.0] * 10, [1 - 2**-53] * 10, [0.5] * 10]
    points = stats.qmc.Sobol(SPACE.dimensions, seed=1).random(16).tolist() + corners
    for u in points:
        answers = SPACE.unit_point(u)
        study.enqueue_trial(answers)
        trial = study.ask()
        values = SPACE.suggest(trial)
        assert trial.params == answers
        assert values == SPACE.suggest(UnitTrial(dict(zip(SPACE.names, u, strict=True))))
    low, high = SPACE.unit_point(corners[0]), SPACE.unit_point(corners[1])
    assert low == {
        "variant": "ae",
        "loss": "mse",
        "latent_dim": 1,
        "encoder": "200-50",
        "dropout.off": True,
        "scaling": "standard",
    }
    assert high["latent_dim"] == 42
    assert high["variant.vae.beta"] == pytest.approx(10.0)
    assert high["dropout"] == pytest.approx(0.5)


def test_unit_points_are_uniform_in_each_parameter():
    space = Space({"latent_dim": Int(1, 4), "learning_rate": Float(1e-4, 1e-2, log=True)})
    points = [space.unit_point(u) for u in stats.qmc.Sobol(2, seed=3).random(256)]
    counts = [sum(point["latent_dim"] == n for point in points) for n in (1, 2, 3, 4)]
    assert counts == [64] * 4
    assert sum(point["learning_rate"] < 1e-3 for point in points) == 128  # the middle of a log scale


def test_a_unit_point_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        SPACE.unit_point([0.5] * 9)


def test_the_grid_is_every_combination_once():
    cells = list(GRID.grid())
    specs = {Spec.from_flat(GRID.suggest(FromAnswers(cell))) for cell in cells}
    variants = [("ae", None, None), *itertools.product(["vae"], (0.1, 1.0, 10.0), (0, 10, 30, 50))]
    scaled = [("mse", None), ("huber", 0.5), ("huber", 1.0), ("huber", 1.5)]
    losses = [*itertools.product(scaled, ("standard", "none")), (("binary_crossentropy", None), "minmax")]
    expected = {
        (variant, loss, scaling, norm)
        for variant, (loss, scaling), norm in itertools.product(variants, losses, (False, True))
    }
    found = {
        (
            (s.variant.name, getattr(s.variant, "beta", None), getattr(s.variant, "warm_up", None)),
            (s.loss.name, getattr(s.loss, "delta", None)),
            s.scaling,
            s.batch_norm,
        )
        for s in specs
    }
    assert found == expected
    assert len(cells) == len(expected) == GRID.size == 13 * 9 * 2


def test_the_grid_of_nothing_searched_is_one_cell():
    assert list(Space({"epochs": Fixed(3)}).grid()) == [{}]
    assert Space({}).size == 1


def test_a_continuous_range_has_no_grid():
    assert SPACE.size is None
    assert SPACE.gridless == ("variant.vae.beta", "dropout")
    assert GRID.gridless == ()


def test_steps_are_counted_in_decimals():
    space = Space({"dropout": Float(0.1, 0.7, step=0.1)})
    values = [cell["dropout"] for cell in space.grid()]
    assert values == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert max(values) <= 0.7
    top = space.unit_point([0.999])["dropout"]
    assert math.isclose(top, 0.7)


def test_a_loss_and_a_fixed_scaling_that_contradict_each_other_cannot_be_written():
    loss = OneOf({"mse": {}, "binary_crossentropy": {}})
    with pytest.raises(InputError, match=r"scaling = 'standard' contradicts loss 'binary_crossentropy'.*'minmax'"):
        Space({"loss": loss, "scaling": Fixed("standard")})
    assert Space({"loss": loss, "scaling": Fixed("minmax")}).suggest(RandomTrial(0))["scaling"] == "minmax"
    assert Space({"loss": OneOf({"binary_crossentropy": {}})}).suggest(RandomTrial(0))["scaling"] == "minmax"


def test_a_latent_sampler_of_pseudo_inputs_is_refused_beside_variants_without():
    sampler = OneOf({"gaussian": {}, "vamp": {}})
    with pytest.raises(InputError, match=r"latent sampler 'vamp' .* variant 'ae' has none: .* \('vamp'\)"):
        Space({"variant": OneOf({"vamp": {}, "ae": {}}), "latent_sampler": sampler})
    with pytest.raises(InputError, match="variant 'vae' has none"):  # the spec's default
        Space({"latent_sampler": sampler})
    values = Space({"variant": OneOf({"vamp": {}}), "latent_sampler": OneOf({"vamp": {}})}).suggest(RandomTrial(0))
    assert values["latent_sampler"] == "vamp"


class FromAnswers(UnitTrial):
    """Answers as recorded, and fails on any other question."""

    def suggest_int(self, name, low, high, *, step=1, log=False):
        return self.numbers[name]

    def suggest_float(self, name, low, high, *, step=None, log=False):
        return self.numbers[name]

    def suggest_categorical(self, name, choices):
        return self.numbers[name]

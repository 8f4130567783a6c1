"""Posterior collapse foreseen: the rule against closed forms and against training, and what it says of a study."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from vaebench.losses import Loss
from vaebench.parts import make, modules
from vaebench.selftest.exact_rows import ExactRows
from vaebench.study.file import load
from vaebench.study.replicate import Replicate
from vaebench.study.space import Choice, Fixed, Float, Int, Space, UnitTrial
from vaebench.study.spec import Spec
from vaebench.trial.collapse import critical_weight, foresee, share_above
from vaebench.trial.evaluate import evaluate
from vaebench.trial.scaling import Scaler
from vaebench.variants import Variant
from vaebench.variants.vae import Vae

NORMAL = stats.norm.ppf((np.arange(5000) + 0.5) / 5000)[:, None]


def critical(loss, x, **params):
    part = make(Loss, loss, params)
    assert isinstance(part, Loss)
    return critical_weight(part, x)


def test_for_mse_it_is_the_largest_eigenvalue_of_the_covariance():
    x = np.array([[1.0, 1.0], [-1.0, -1.0], [0.5, -0.5], [-0.5, 0.5]]) + 7  # axes (1, 1) and (1, -1)
    assert critical("mse", x) == pytest.approx(1.0)
    assert critical("mse", x[:, :1]) == pytest.approx(0.625)


def test_a_quadratic_huber_is_mse():
    assert critical("huber", NORMAL, delta=20.0) == pytest.approx(critical("mse", NORMAL))


def test_huber_of_a_normal_in_closed_form():
    d, phi, inside = 0.8, stats.norm.pdf(0.8), 2 * stats.norm.cdf(0.8) - 1
    variance = inside - 2 * d * phi + d**2 * (1 - inside)
    assert critical("huber", NORMAL, delta=d) == pytest.approx(variance / inside**2 * inside, rel=2e-3)


def test_log_cosh_of_a_normal_by_integration():
    def mean(f):
        return integrate.quad(lambda x: f(x) * stats.norm.pdf(x), -10, 10)[0]

    expected = mean(lambda x: math.tanh(x) ** 2) / mean(lambda x: math.cosh(x) ** -2)
    assert critical("log_cosh", NORMAL) == pytest.approx(expected, rel=2e-3)


def test_cross_entropy_has_the_curvature_of_its_mean():
    x = np.array([[0.0], [0.2], [0.4], [1.0]])
    assert critical("binary_crossentropy", x) == pytest.approx(x.var() / (0.4 * 0.6))


def test_what_the_rows_do_not_tell_is_not_claimed():
    assert critical("mae", NORMAL) is None
    assert critical("gaussian_nll", NORMAL) is None
    few = NORMAL[::75] * 100  # one row within delta of the middle
    assert critical("huber", few, delta=1.0) is None


@pytest.mark.parametrize("loss", [name for name in modules(Loss) if critical(name, NORMAL / 10 + 0.5) is not None])
def test_training_collapses_above_and_not_below(loss):
    """Linear networks, of which each loss shares the program of the others."""
    rows = ExactRows()
    spec = Spec(
        loss=make(Loss, loss), scaling="minmax" if loss == "binary_crossentropy" else "standard", encoder=(),
        decoder=(), epochs=1000, batch_size=50, learning_rate=2e-3, decoder_noise=False,
    )  # fmt: skip
    train = rows.draw(np.random.default_rng(0), rows=500, test_fraction=0.0, true=2, generated=2).train
    at = critical(loss, Scaler.fit(spec.scaling, train).transform(train))
    ratios = []
    for factor in (0.6, 1.5):
        variant = make(Variant, "vae", {"beta": factor * at})
        result = evaluate(replace(spec, variant=variant), Replicate(rows, 500, 0.0, 5000, 5000, 0, "search", 0))
        ratios.append(result.metrics["std_ratio"])
    assert ratios[0] > 0.4
    assert ratios[1] < 0.06


@pytest.mark.parametrize(
    "node",
    [
        Fixed(0.3), Choice((0.1, 0.5, 2.0)), Float(0.01, 10.0, log=True), Float(0.0, 2.0), Float(0.3, 0.3),
        Float(0.1, 1.0, step=0.1), Float(0.5, 2.0, off=0.0), Float(0.01, 0.2, log=True, off=1.0), Int(1, 9),
        Int(1, 9, step=4), Int(1, 40, log=True), Int(2, 8, off=0),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("threshold", [0.005, 0.25, 0.7, 3.0, 50.0])
def test_the_share_of_a_range_is_what_a_search_meets(node, threshold):
    space = Space({"learning_rate": node})
    n = 20_000
    u = (np.arange(n) + 0.5) / n
    shares = []
    for off in (0.0, 0.9) if getattr(node, "off", None) is not None else (0.0,):
        numbers = [{"learning_rate": number, "learning_rate.off": off} for number in u]
        shares.append(np.mean([space.suggest(UnitTrial(drawn))["learning_rate"] >= threshold for drawn in numbers]))
    assert share_above(node, threshold) == pytest.approx(np.mean(shares), abs=1e-3)


STUDY = """
[study]
name = "doomed"
[data]
distribution = {{ name = "norm", loc = 100, scale = 10 }}
rows = 100
{rest}
"""


def study(tmp_path: Path, rest: str):
    path = tmp_path / "doomed.toml"
    path.write_text(STUDY.format(rest=rest))
    return load(path)


def test_each_doomed_combination_is_named_with_its_share(tmp_path):
    definition = study(
        tmp_path,
        '[search]\nscaling = { choice = ["standard", "minmax", "none"] }\n[search.variant.one_of]\nae = {}\n'
        "vae = { beta = { float = [0.01, 10.0], log = true }, warm_up = 50 }\n"
        "[search.loss.one_of]\nmse = {}\nmae = {}\ngaussian_nll = {}\n",
    )
    train = definition.replicate("search", 0).draw().train
    minmax = float(train.var() / np.ptp(train) ** 2)
    found = {doomed.scaling: doomed for doomed in foresee(definition)}
    assert {(doomed.variant, doomed.loss) for doomed in found.values()} == {("vae", "mse")}
    assert set(found) == {"standard", "minmax"}, "raw rows have a variance of 100, beyond every beta"
    assert found["standard"].critical == pytest.approx((1.0, 1.0))
    assert found["standard"].share == pytest.approx(1 / 3)
    assert found["minmax"].critical == pytest.approx((minmax, minmax))
    assert found["minmax"].share == pytest.approx(math.log10(10 / minmax) / 3)
    assert str(found["standard"]) == ("vae with loss mse and scaling standard: beta >= 1, 33 % of its range")


def test_a_loss_with_a_parameter_gives_a_range(tmp_path):
    (doomed,) = foresee(
        study(
            tmp_path,
            '[fixed]\nvariant = { vae = { beta = 0.9 } }\nscaling = "standard"\n'
            "[search.loss.one_of]\nhuber = { delta = { float = [0.5, 8.0], log = true } }\n",
        )
    )
    low, high = doomed.critical
    assert low < high <= 0.9
    assert 0 < doomed.share < 1
    assert f"beta >= {low:.3g} to {high:.3g}" in str(doomed)


def test_a_required_scaling_is_the_only_one(tmp_path):
    found = foresee(study(tmp_path, '[fixed]\nloss = "binary_crossentropy"\nvariant = { vae = { beta = 1.0 } }\n'))
    assert [doomed.scaling for doomed in found] == ["minmax"]


def test_a_fixed_setting_is_named_even_where_it_is_the_default(tmp_path):
    (doomed,) = foresee(study(tmp_path, '[fixed]\nscaling = "minmax"\n'))
    assert (doomed.share, doomed.fixed) == (1.0, True)
    assert doomed.critical[0] < Vae().beta
    assert str(doomed).endswith(", as it always is")
    assert foresee(study(tmp_path, "[fixed]\nvariant = { vae = { beta = 0.9 } }\n")) == []


def test_two_correlated_columns_die_later_than_one(tmp_path):
    random = np.random.default_rng(0)
    x = random.normal(size=300)
    rows = np.stack([x, x + 0.1 * random.normal(size=300)], axis=1)
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="x,y", comments="")
    path = tmp_path / "two.toml"
    for beta, count in ((1.9, 0), (2.1, 1)):
        path.write_text(
            f'[study]\nname = "two"\n[data]\nfile = "rows.csv"\n[fixed]\nvariant = {{ vae = {{ beta = {beta} }} }}\n'
        )
        assert len(foresee(load(path))) == count


def test_nothing_is_said_where_nothing_is_doomed(tmp_path):
    assert foresee(study(tmp_path, '[fixed]\nvariant = "ae"\n')) == []
    assert foresee(study(tmp_path, '[fixed]\nloss = "gaussian_nll"\n')) == []


def test_each_arm_is_judged_alone(tmp_path):
    found = foresee(study(tmp_path, '[fixed]\nscaling = "minmax"\n[compare]\nvariant = ["ae", "vae"]\n'))
    assert [doomed.arm for doomed in found] == ["variant=vae"]
    assert str(found[0]).startswith("variant=vae: vae with loss mse")

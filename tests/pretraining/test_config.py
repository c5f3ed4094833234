import json
from dataclasses import fields, replace
from math import inf, nan
from typing import Any, get_args

import pytest

from tjepa.errors import ConfigError
from tjepa.model import Sizes
from tjepa.pretraining import CHOICES, PretrainingConfig
from tjepa.table import Scaling

# The least and the most that is allowed.
WHOLE = {
    "width": (4, 1024),
    "layers": (1, 32),
    "heads": (1, 32),
    "ffn": (1, 4096),
    "reg_tokens": (0, 16),
    "predictor_width": (4, 1024),
    "predictor_layers": (1, 32),
    "predictor_heads": (1, 32),
    "predictor_ffn": (1, 4096),
    "targets": (1, 32),
    "bins": (0, 256),
    "max_features": (2, 10_000),
    "epochs": (1, 100_000),
    "batch_size": (2, 65_536),
    "max_categories": (2, 100_000),
    "seed": (0, 2**31 - 1),
}
SWITCHES = ("shared_context", "standardised_targets")
REAL = {
    "dropout": (0.0, 0.9),
    "context_min": (0.01, 0.99),
    "context_max": (0.01, 0.99),
    "target_min": (0.01, 0.99),
    "target_max": (0.01, 0.99),
    "learning_rate": (1e-7, 1.0),
    "warmup": (0.0, 0.9),
    "weight_decay": (0.0, 10.0),
    "momentum": (0.0, 1.0),
    "prediction": (0.0, 100.0),
    "imputation": (0.0, 100.0),
    "restoration": (0.0, 100.0),
    "replaced": (0.01, 0.99),
    "patience": (0.01, 1.0),
}


def refused(**changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        PretrainingConfig(**changes)
    return str(caught.value)


def test_every_setting_is_in_the_tables_of_this_file() -> None:
    assert {field.name for field in fields(PretrainingConfig)} == {
        *WHOLE,
        *REAL,
        *CHOICES,
        *SWITCHES,
    }


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_a_value_out_of_range_is_refused_by_name(name: str) -> None:
    least, most = (WHOLE | REAL)[name]
    step = 1 if name in WHOLE else 1e-9
    for value in (least - step, most + step):
        message = refused(**{name: value})
        assert message.startswith(f"{name} is {value!r}")
        assert f"between {least:g} and {most:g}" in message


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [2.0, "2", None, True, nan])
def test_what_is_no_whole_number_is_refused_by_name(name: str, value: object) -> None:
    assert refused(**{name: value}).startswith(f"{name} is {value!r}")


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("value", [nan, inf, -inf, "0.5", None, True])
def test_what_is_no_number_is_refused_by_name(name: str, value: object) -> None:
    assert refused(**{name: value}).startswith(f"{name} is {value!r}")


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_the_bounds_themselves_are_allowed(name: str) -> None:
    for value in (WHOLE | REAL)[name]:
        others: dict[str, Any] = {"heads": 1, "predictor_heads": 1}
        if name.endswith("heads"):
            others["width" if name == "heads" else "predictor_width"] = value * 4
        if name.endswith(("_min", "_max")):
            others |= {"context_min": 0.01, "context_max": 0.99}
            others |= {"target_min": 0.01, "target_max": 0.99}
        config = PretrainingConfig(**others | {name: value})
        assert getattr(config, name) == value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"context_min": 0.5, "context_max": 0.4}, ("context_min is 0.5", "context_max is 0.4")),
        ({"target_min": 0.5, "target_max": 0.4}, ("target_min is 0.5", "target_max is 0.4")),
        ({"width": 30, "heads": 4}, ("width is 30", "heads is 4")),
        (
            {"predictor_width": 15, "predictor_heads": 2},
            ("predictor_width is 15", "predictor_heads is 2"),
        ),
        ({"context_min": 0.7, "target_min": 0.4}, ("context_min is 0.7", "target_min is 0.4")),
    ],
)
def test_a_contradiction_names_both_settings(
    changes: dict[str, Any], words: tuple[str, str]
) -> None:
    message = refused(**{"target_max": 0.6, "context_max": 0.8} | changes)
    assert all(word in message for word in words)


def test_shares_that_fill_the_row_exactly_are_allowed() -> None:
    for tenths in range(1, 10):
        context, target = tenths / 10, (10 - tenths) / 10
        PretrainingConfig(
            context_min=context, context_max=context, target_min=target, target_max=target
        )


@pytest.mark.parametrize("value", ["min-max", "", None, ["standard"]])
def test_an_unknown_choice_is_refused(value: object) -> None:
    assert refused(scaling=value) == f"scaling is {value!r}: choose standard or quantile."
    expected = f"precision is {value!r}: choose auto or float32 or bfloat16."
    assert refused(precision=value) == expected
    assert refused(optimiser=value) == f"optimiser is {value!r}: choose adamw or muon."
    assert (
        refused(readout=value)
        == f"readout is {value!r}: choose last or average or concatenation or all."
    )


def test_a_run_without_any_loss_is_refused() -> None:
    weights = ("prediction", "imputation", "restoration")
    assert "are all 0" in refused(**dict.fromkeys(weights, 0.0))
    for name in weights:
        assert PretrainingConfig(**dict.fromkeys(weights, 0.0) | {name: 1.0})


@pytest.mark.parametrize("value", [0, 1, "yes", None])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    for name in SWITCHES:
        assert refused(**{name: value}) == f"{name} is {value!r}: choose True or False."


@pytest.mark.parametrize("scaling", get_args(Scaling))
def test_a_configuration_survives_json(scaling: Scaling) -> None:
    config = PretrainingConfig(learning_rate=1 / 3, scaling=scaling)
    assert PretrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_saved_configuration_with_unknown_settings_is_refused_by_name() -> None:
    saved = PretrainingConfig().to_json() | {"depth": 3, "colour": "red"}
    with pytest.raises(ConfigError, match=r"colour, depth"):
        PretrainingConfig.from_json(saved)


def test_a_saved_configuration_is_validated() -> None:
    with pytest.raises(ConfigError, match="layers is 99"):
        PretrainingConfig.from_json(PretrainingConfig().to_json() | {"layers": 99})


def test_what_an_older_run_did_not_save_is_as_it_was_then() -> None:
    later = (
        *("readout", "prediction", "imputation", "restoration", "replaced", "bins", "patience"),
        "optimiser",
    )
    saved = {k: v for k, v in PretrainingConfig(width=32).to_json().items() if k not in later}
    config = PretrainingConfig.from_json(saved)
    assert (config.width, config.readout, config.patience) == (32, "last", 1.0)
    assert config.optimiser == "adamw"
    assert (config.prediction, config.imputation, config.restoration) == (1.0, 0.0, 0.0)
    assert config.to_json().items() >= saved.items()


def test_sizes_and_shares_are_those_of_the_settings() -> None:
    config = PretrainingConfig(context_min=0.1, target_max=0.5, targets=3)
    for field in fields(Sizes):
        assert getattr(config.sizes, field.name) == getattr(config, field.name)
    assert config.mask_shares.context == (0.1, 0.8)
    assert config.mask_shares.target == (0.15, 0.5)
    assert config.mask_shares.targets == 3


def test_a_changed_configuration_is_validated_again() -> None:
    with pytest.raises(ConfigError, match="epochs"):
        replace(PretrainingConfig(), epochs=0)

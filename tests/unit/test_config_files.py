"""Every mistake in a configuration is a sentence: the place, what is allowed, the nearest word."""

import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel

from student_performance.config import GatePolicy, RandomForestConfig, SplitConfig, TrainConfig
from student_performance.config_files import load_configs
from student_performance.contract import Column, DatasetConfig
from student_performance.errors import UsageError
from student_performance.target import Target
from tests.unit.builders import CONFIGS

DATASETS = sorted(path.stem for path in (CONFIGS / "datasets").glob("*.yaml"))


def failure(*overrides: str, folder: Path = CONFIGS, dataset: str = "student_performance") -> str:
    with pytest.raises(UsageError) as refusal:
        load_configs(folder, dataset, overrides)
    assert refusal.value.exit_code == 2
    return refusal.value.message


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIGS, tmp_path / "configs"))


@pytest.mark.parametrize("name", DATASETS)
def test_every_shipped_configuration_loads(name: str) -> None:
    training, dataset = load_configs(CONFIGS, name)

    assert dataset.name == name
    assert dataset.features
    assert training.candidates


def test_overrides_reach_their_places_with_their_types() -> None:
    training, dataset = load_configs(
        CONFIGS,
        "student_performance",
        (
            "split.test_share=0.3",
            "split.key=a=b",
            "candidates.small={kind: random_forest, n_estimators: 7}",
            "candidates.logistic_regression.C=0.5",
            "gate.min_test_rows=12",
            "dataset.target.pass_mark=70",
            "dataset.columns.gender.role=feature",
            "dataset.columns.gender.known=before",
        ),
    )

    assert training.split.test_share == 0.3
    assert training.split.key == "a=b"
    assert training.candidates["small"].model_dump()["n_estimators"] == 7
    assert training.candidates["logistic_regression"].model_dump()["C"] == 0.5
    assert training.gate.min_test_rows == 12
    assert dataset.target.pass_mark == 70
    assert "gender" in dataset.features


def test_later_override_wins_over_an_earlier_one() -> None:
    training, _ = load_configs(CONFIGS, "oulad", ("split.key=first", "split.key=second"))

    assert training.split.key == "second"


def keys_of(model: type[BaseModel]) -> str:
    return ", ".join(sorted(model.model_fields))


TRAINING_KEYS, SPLIT_KEYS, GATE_KEYS = map(keys_of, (TrainConfig, SplitConfig, GatePolicy))
DATASET_KEYS, COLUMN_KEYS, TARGET_KEYS = map(keys_of, (DatasetConfig, Column, Target))
FOREST_KEYS = keys_of(RandomForestConfig)
LINEAR, FOREST = "candidates.logistic_regression", "candidates.report_forest"
UNKNOWN_KEYS = [
    ("splt.test_share=1", "splt", "split", TRAINING_KEYS),
    ("Split.test_share=1", "Split", "split", TRAINING_KEYS),
    ("split.test_shar=1", "split.test_shar", "test_share", SPLIT_KEYS),
    ("split.Test_Share=1", "split.Test_Share", "test_share", SPLIT_KEYS),
    ("gate.min_rows=1", "gate.min_rows", "min_test_rows", GATE_KEYS),
    (f"{LINEAR}.c=1", f"{LINEAR}.c", "C", "C, kind"),
    (f"{FOREST}.n_estimator=1", f"{FOREST}.n_estimator", "n_estimators", FOREST_KEYS),
    ("dataset.colums={}", "colums", "columns", DATASET_KEYS),
    ("dataset.target.colum=x", "target.colum", "column", TARGET_KEYS),
    ("dataset.columns.gender.rol=id", "columns.gender.rol", "role", COLUMN_KEYS),
]


@pytest.mark.parametrize(("override", "place", "word", "allowed"), UNKNOWN_KEYS)
def test_unknown_key_is_named_with_its_place_the_allowed_keys_and_the_nearest(
    override: str, place: str, word: str, allowed: str
) -> None:
    file = "student_performance.yaml" if override.startswith("dataset.") else "train.yaml"
    message = failure(override)

    assert f"{file} with --set: `{place}` is not a known key." in message
    assert f"Did you mean `{word}`?" in message
    assert f"Allowed here: {allowed}." in message


def test_unknown_key_that_is_like_no_other_gets_no_suggestion() -> None:
    message = failure("zzz=1")

    assert "`zzz` is not a known key. Allowed here: " in message


@pytest.mark.parametrize("name", ["label", "kind", "role"])
def test_column_may_have_the_name_of_a_key_and_its_mistakes_are_still_explained(name: str) -> None:
    message = failure(
        f"dataset.columns.{name}={{role: feature, kind: number, known: before, nulable: true}}"
    )

    assert f"`columns.{name}.nulable` is not a known key. Did you mean `nullable`?" in message
    assert f"Allowed here: {COLUMN_KEYS}." in message


@pytest.mark.parametrize("name", ["C", "kind", "random_forest", "forest"])
def test_candidate_may_have_any_name_and_its_mistakes_are_still_explained(name: str) -> None:
    message = failure(f"candidates.{name}={{kind: random_forest, n_estimator: 5}}")

    assert f"`candidates.{name}.n_estimator` is not a known key." in message
    assert "Did you mean `n_estimators`?" in message


WRONG_VALUES = [
    ("split.test_share=abc", "split.test_share", "a valid number (found: 'abc')."),
    ('split.test_share="0.3"', "split.test_share", "a valid number (found: '0.3')."),
    ("split.test_share=", "split.test_share", "a valid number (found: None)."),
    ("split.key=3", "split.key", "a valid string (found: 3)."),
    ("split=3", "split", "an object (found: 3)."),
    ("gate.min_test_rows=1.5", "gate.min_test_rows", "a valid integer (found: 1.5)."),
    ("gate.min_test_rows=true", "gate.min_test_rows", "a valid integer (found: True)."),
    ("gate.min_test_rows=0", "gate.min_test_rows", "greater than or equal to 1 (found: 0)."),
    ("split.test_share=0", "split.test_share", "greater than 0 (found: 0)."),
    ("split.test_share=1", "split.test_share", "less than 1 (found: 1)."),
    ("split.test_share=.nan", "split.test_share", "a finite number (found: nan)."),
    ("intervals.level=0.5", "intervals.level", "greater than 0.5 (found: 0.5)."),
    (f"{LINEAR}.C=0", f"{LINEAR}.C", "greater than 0 (found: 0)."),
    ("dataset.separator=;;", "separator", "at most 1 character (found: ';;')."),
    ("dataset.columns.gender.categories=[1]", "columns.gender.categories.0", "a valid string"),
]


@pytest.mark.parametrize(("override", "place", "expected"), WRONG_VALUES)
def test_wrong_type_or_range_is_named_with_the_place_what_is_allowed_and_what_was_found(
    override: str, place: str, expected: str
) -> None:
    message = failure(override)

    assert f"`{place}`: " in message
    assert expected in message


@pytest.mark.parametrize(
    ("override", "place", "word"),
    [
        ("dataset.columns.gender.role=sensitiv", "columns.gender.role", "sensitive"),
        ("dataset.columns.hours_studied.kind=Number", "columns.hours_studied.kind", "number"),
        (f"{LINEAR}.kind=logistic_regresion", LINEAR, "logistic_regression"),
        ("dataset.target.column=Test_score", "the file: target.column `Test_score`", "test_score"),
    ],
)
def test_misspelt_word_is_answered_with_the_allowed_words_and_the_nearest(
    override: str, place: str, word: str
) -> None:
    message = failure(override)

    assert place in message
    assert message.endswith(f"Did you mean `{word}`?")
    assert message.count(word) >= 2, "the allowed words are listed too"


def test_unknown_tag_that_is_like_no_other_lists_the_known_ones() -> None:
    message = failure("candidates.mine={kind: svm}")

    assert "`candidates.mine`: Input tag 'svm'" in message
    assert "'logistic_regression', 'random_forest'" in message
    assert "Did you mean" not in message


def test_candidate_without_a_kind_and_missing_keys_are_named() -> None:
    assert "`candidates.mine`" in failure("candidates.mine.C=1")
    assert "`columns.extra.kind` is missing." in failure("dataset.columns.extra={role: id}")


def test_all_mistakes_of_a_file_are_listed_one_a_line() -> None:
    lines = failure("splt=1", "gate.min_test_rows=0").split("\n")

    assert len(lines) == 2
    assert all("train.yaml with --set: " in line for line in lines)


def test_rule_of_the_whole_file_is_said_to_be_of_the_file() -> None:
    message = failure("candidates.majority={kind: random_forest}")

    assert "train.yaml with --set: the file: `majority` is the baseline" in message
    assert "found:" not in message


@pytest.mark.parametrize("override", ["split.test_share", "=3", "a..b=3", ".a=3", "a.=3", ""])
def test_override_that_is_no_pair_is_answered_with_the_right_form(override: str) -> None:
    with pytest.raises(UsageError) as refusal:
        load_configs(CONFIGS, "oulad", (override,))

    assert refusal.value.message == f"--set {override}: write it as key=value."
    assert refusal.value.next_command == "python run.py train --help"


def test_override_cannot_go_through_a_value() -> None:
    message = failure("split.test_share.more=1")

    assert message == "--set split.test_share.more=1: `test_share` is a value and has no keys."


def test_override_that_is_no_yaml_is_named() -> None:
    assert failure("split=[1") == "--set split=[1: `[1` is not a valid YAML value."


@pytest.mark.parametrize("value", ["2026-11-23", "2026-11-23 10:00:00", "!!binary aGVsbG8="])
def test_override_that_yaml_reads_as_a_date_or_bytes_is_a_sentence(value: str) -> None:
    assert "`split.key`" in failure(f"split.key={value}")


def test_unknown_data_set_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(UsageError) as refusal:
        load_configs(CONFIGS, "OULA")

    assert "There is no data set `OULA`. Did you mean `oulad`?" in refusal.value.message
    assert f"has: {', '.join(DATASETS)}." in refusal.value.message
    assert refusal.value.next_command == "python run.py train --dataset oulad"


@pytest.mark.parametrize("name", ["zzz", "../train", ""])
def test_data_set_is_a_name_in_its_folder_and_nothing_else(name: str) -> None:
    with pytest.raises(UsageError, match="There is no data set") as refusal:
        load_configs(CONFIGS, name)

    assert "Did you mean" not in refusal.value.message
    assert refusal.value.next_command == f"python run.py train --dataset {DATASETS[0]}"


def test_folder_without_data_sets_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has: none") as refusal:
        load_configs(tmp_path, "oulad")

    assert refusal.value.next_command is None


def test_missing_file_is_named(configs: Path) -> None:
    (configs / "train.yaml").unlink()

    assert failure(folder=configs) == f"There is no configuration file {configs / 'train.yaml'}."


def test_invalid_yaml_is_named_with_its_line(configs: Path) -> None:
    (configs / "train.yaml").write_text("split:\n  key: [open\n", encoding="utf-8")
    message = failure(folder=configs)

    assert message.startswith(f"{configs / 'train.yaml'} is not valid YAML: ")
    assert "line 3" in message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_yaml_without_keys_is_named(text: str, configs: Path) -> None:
    (configs / "train.yaml").write_text(text, encoding="utf-8")

    assert failure(folder=configs) == f"{configs / 'train.yaml'} holds no `key: value` pairs."


def test_mistake_in_the_file_itself_does_not_blame_an_override(configs: Path) -> None:
    path = configs / "train.yaml"
    path.write_text("candidates: {a: {kind: random_forest}}\ngats: {}\n", encoding="utf-8")

    assert failure(folder=configs) == (
        f"{path}: `gats` is not a known key. Did you mean `gate`? Allowed here: {TRAINING_KEYS}."
    )

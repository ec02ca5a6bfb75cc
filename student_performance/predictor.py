"""A registered model with all that is needed to ask it: contract, threshold and reference."""

from dataclasses import dataclass
from typing import Any

from student_performance.audit import Alias
from student_performance.contract import DatasetConfig
from student_performance.drift import FeatureReference
from student_performance.errors import RegistryError
from student_performance.records import Version
from student_performance.registry import Registry, Store, Tracker


@dataclass(frozen=True)
class Predictor:
    """A version as it was registered; nothing of it is taken from the configuration of today.

    Attributes:
        version: The version, with its threshold.
        contract: What a table means to it.
        model: The model behind it.
        reference: What its training part looked like.
    """

    version: Version
    contract: DatasetConfig
    model: Any
    reference: tuple[FeatureReference, ...]


def load_predictor(store: Store, name: str, alias: Alias = Alias.CHAMPION) -> Predictor:
    """The version that an alias points to, its file checked.

    Raises:
        RegistryError: The alias points nowhere, or the model behind it is not what was registered.
    """
    number = Registry(store).aliases(name).get(alias)
    if number is None:
        raise RegistryError(
            f"No version of {name} is the {alias} yet, so there is nobody to ask.",
            f"python run.py train --dataset {name}",
        )
    return load_version(store, name, number)


def load_version(store: Store, name: str, number: str) -> Predictor:
    """A version by its number, its file checked.

    Raises:
        RegistryError: There is none, or the model behind it is not what was registered.
    """
    registry = Registry(store)
    version = registry.version(name, number)
    if version.contract is None:
        raise RegistryError(
            f"Version {number} of {name} was registered by an earlier release, which kept no"
            " contract with it; no table can be held against it.",
            f"python run.py train --dataset {name} --no-cache",
        )
    reference = Tracker(store).report(version.run_id).setup.reference
    return Predictor(version, version.contract, registry.load(version), reference)

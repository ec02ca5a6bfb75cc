"""What, besides parameters and data, voids a cached step: any change of the code behind it."""

from functools import cache
from pathlib import Path

from zenml.config.cache_policy import CachePolicy

import materializers
import student_performance
from student_performance.provenance import code_digest


@cache
def code_state() -> str:
    """Digest of the domain, the materializers, the steps and the libraries that compute."""
    packages = (Path(str(p.__file__)).parent for p in (student_performance, materializers))
    return code_digest([*packages, Path(__file__).parent])


CODE_AWARE = CachePolicy(cache_func=code_state)

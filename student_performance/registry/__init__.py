"""The only door to MLflow: runs, versions, aliases, their audit and the models behind them.

Every call names the store. ZenML resets MLflow's global address after each tracked step, so code
that relies on the global one would write into a stray database of the working directory.
"""

from student_performance.registry.monitorings import Monitorings
from student_performance.registry.store import Store, answering
from student_performance.registry.tracking import Tracker
from student_performance.registry.versions import Registry

__all__ = ["Monitorings", "Registry", "Store", "Tracker", "answering"]

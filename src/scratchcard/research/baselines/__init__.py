"""The baselines: what gradients find in the same networks. Needs the extra ``torch``.

Searching a ticket needs none of this. :class:`EdgePopup` and :class:`Biprop` learn which weights of
a frozen :class:`~scratchcard.Network` stay; :class:`Twin` trains all weights of a network of the
same layers. All read :class:`~scratchcard.Rows`, as ``evolve`` does.
"""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ImportError(
        "scratchcard.research.baselines needs torch: pip install 'scratchcard[torch]'"
    ) from error

from scratchcard.research.baselines.biprop import Biprop
from scratchcard.research.baselines.edge_popup import EdgePopup, PoppedUp
from scratchcard.research.baselines.floats import FloatModel
from scratchcard.research.baselines.training import Descent, Run, TrainingProgress
from scratchcard.research.baselines.twin import Twin

__all__ = [
    "Biprop",
    "Descent",
    "EdgePopup",
    "FloatModel",
    "PoppedUp",
    "Run",
    "TrainingProgress",
    "Twin",
]

"""The study of clusterers: methods that read no label side by side, judged by labels at the end."""

from __future__ import annotations

from scratchcard.research.clusters.cases import ClusterComparison
from scratchcard.research.clusters.runs import ClusterRuns

__all__ = ["ClusterComparison", "ClusterRuns"]

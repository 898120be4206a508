from insight.models.progress import ProgressRow
from insight.models.snapshot import Snapshot, SnapshotRow

__all__ = ["ProgressRow", "Snapshot", "SnapshotRow"]

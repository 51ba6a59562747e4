"""Islands: several searches for one ticket, which exchange masks, wherever each of them runs."""

from scratchcard.search.islands.archipelago import Archipelago, evolve_islands
from scratchcard.search.islands.folder import FolderJournal
from scratchcard.search.islands.settings import Islands

__all__ = ["Archipelago", "FolderJournal", "Islands", "evolve_islands"]

"""What several studies share: instances, methods, results on disk, statistics, tables."""

"""What several studies share: instances, methods, results on disk, workers, statistics, tables."""

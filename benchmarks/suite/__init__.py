"""The benchmark suite: every figure of the table, measured side by side in the same run.

    python -m benchmarks.suite --quick

It reads scratchcard's public faces only. What it compares with is installed by the extra ``bench``;
a peer that is not there is left out, and the table says so.
"""

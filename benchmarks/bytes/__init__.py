"""Accuracy against bytes: tickets beside small models that are trained, all of them as C.

    python -m benchmarks.bytes --out build/bytes [--only digits wine] [--contenders tree ticket]

Every model is a C program for a Cortex-M0, and what it takes there is measured: all of its flash,
and of this its tables alone. Its answers are those of the same C, compiled for this machine. Fits
read training rows, choices validation rows, and the test rows are read for the models on a Pareto
front alone, when the fronts are known.
"""

"""The study ``reproduce paper``: every experiment of the paper, run again.

Schönberger, Zorn, Nüßlein, Gabor, Altmann: "Towards Scalable Lottery Ticket Networks using Genetic
Algorithms", arXiv 2508.08877 (2025). ``claims`` holds the paper's claims against the runs, and
``report`` writes everything down.
"""

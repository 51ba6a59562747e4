"""Every experiment of the paper, run again, and its claims held against the runs.

Schönberger, Zorn, Nüßlein, Gabor, Altmann: "Towards Scalable Lottery Ticket Networks using Genetic
Algorithms", arXiv 2508.08877 (2025). ``cases`` says what is run, ``lengths`` how long,
``runs`` runs it; ``tables``, ``pairs``, ``claims`` and ``drawing`` read what was run, and
``report`` writes it down.
"""

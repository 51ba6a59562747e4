"""Experiments: what a researcher asks of tickets, answered with evidence. Extra ``experiments``.

Searching a ticket and predicting with one need none of this.
"""

"""What researchers ask of tickets, answered with evidence. Needs the extra ``experiments``.

Each study has a folder of its own: ``compare``, ``paper``, ``landscape``, ``survivors`` and
``sweep``. In it ``cases`` says what is studied, ``runs`` measures it, and ``tables`` and
``pictures`` show it.
``shared`` holds what several studies need, ``baselines`` what gradients find in the same networks.

Nothing here is needed to search a ticket or to predict with one, and nothing here uses more of the
library than the names its packages export.
"""

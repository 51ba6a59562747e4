"""TicketRegressor beside ridge regression, a trained network and boosting, on the same splits.

    python benchmarks/regression.py [--seeds 5] [--only diabetes]

Data: scikit-learn's diabetes (442 rows, 10 features), the RAND health insurance experiment of
statsmodels (20,190 rows, 9 features; visits to a doctor, a count) and the diamonds of plotnine
(53,940 rows, 9 features; the price). A quarter of the rows is for the test; the seed draws the
split, the random network and the search. Everything is at its defaults but what is printed.
Needs statsmodels and plotnine.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scratchcard import TicketRegressor

Rows = tuple[np.ndarray, np.ndarray]


def diabetes() -> Rows:
    return load_diabetes(return_X_y=True)


def visits() -> Rows:
    from statsmodels.datasets import randhie

    table = randhie.load_pandas().data
    return table.drop(columns="mdvis").to_numpy(), table["mdvis"].to_numpy(dtype=float)


def diamonds() -> Rows:
    from plotnine.data import diamonds as table

    table = table.copy()
    for name in ("cut", "color", "clarity"):  # ordered
        table[name] = table[name].cat.codes
    return table.drop(columns="price").to_numpy(dtype=float), table["price"].to_numpy(dtype=float)


def scaled(model: Any) -> Any:
    whole = make_pipeline(StandardScaler(), model)
    return TransformedTargetRegressor(whole, transformer=StandardScaler())


def contenders(name: str, seed: int) -> dict[str, Any]:
    """Return the models by name; counts are searched and boosted with the Poisson loss too."""
    ticket: Callable[..., TicketRegressor] = lambda **settings: TicketRegressor(  # noqa: E731
        random_state=seed, n_jobs=-1, **settings
    )
    models = {
        "mean": None,
        "ridge": scaled(Ridge()),
        "MLP 16": scaled(MLPRegressor(hidden_layer_sizes=(16,), max_iter=1000, random_state=seed)),
        "boosting": HistGradientBoostingRegressor(random_state=seed),
        "ticket": ticket(),
        "ticket, 100-100": ticket(hidden_layer_sizes=(100, 100)),
    }
    if name == "visits":
        models["boosting, Poisson"] = HistGradientBoostingRegressor(
            loss="poisson", random_state=seed
        )
        models["ticket, Poisson"] = ticket(objective="poisson")
    return models


def size(model: Any) -> int:
    if isinstance(model, TicketRegressor):
        return len(model.ticket_.to_bytes())
    return len(pickle.dumps(model))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    for make in (diabetes, visits, diamonds):
        name = make.__name__
        if arguments.only in (None, name):
            report(name, *make(), arguments.seeds)


def report(name: str, X: np.ndarray, y: np.ndarray, n_seeds: int) -> None:
    found: dict[str, list[tuple[float, float, float, float, float]]] = {}
    for seed in range(n_seeds):
        train_X, test_X, train_y, test_y = train_test_split(X, y, random_state=seed)
        for label, model in contenders(name, seed).items():
            began = time.perf_counter()
            if model is None:
                guess = np.full(len(test_y), train_y.mean())
            else:
                guess = model.fit(train_X, train_y).predict(test_X)
            seconds = time.perf_counter() - began
            deviance = np.nan
            if name == "visits":
                deviance = mean_poisson_deviance(test_y, np.maximum(guess, 1e-3))
            density = model.density_ if isinstance(model, TicketRegressor) else np.nan
            found.setdefault(label, []).append(
                (r2_score(test_y, guess), deviance, density, 0 if model is None else size(model),
                 seconds)
            )  # fmt: skip
    print(f"\n{name}: {len(X)} rows, {n_seeds} splits")
    print("| | test R² | deviation | Poisson deviance | density | bytes | s |")
    print("|---|---|---|---|---|---|---|")
    for label, rows in found.items():
        r2, deviance, density, n_bytes, seconds = np.array(rows).T
        print(
            f"| {label} | {r2.mean():.3f} | {r2.std(ddof=1) if n_seeds > 1 else 0:.3f} | "
            f"{deviance.mean():.3f} | {density.mean():.3f} | {n_bytes.mean():,.0f} | "
            f"{seconds.mean():.1f} |".replace("nan", "")
        )


if __name__ == "__main__":
    main()

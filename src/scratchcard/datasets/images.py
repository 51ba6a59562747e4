"""Rows as images: plain numbers of one unit, as a convolution reads them."""

from __future__ import annotations

from dataclasses import replace

from scratchcard.datasets.dataset import DataError, Dataset, Part
from scratchcard.ticket import InputScaling, Table, Ticket
from scratchcard.ticket.columns_fit import lacking

__all__ = ["as_images", "as_read_by", "check_plain"]


def as_images(dataset: Dataset) -> Dataset:
    """Return a data set whose rows are all its columns, in order, with one scaling for all.

    A kernel reads neighbouring columns alike, so none is left out, though it be constant, and none
    has a scaling of its own. A ticket found on such rows finds its columns by their places.

    Parameters
    ----------
    dataset : Dataset
        Rows in any form.

    Returns
    -------
    Dataset
        The same parts of the same rows.

    Raises
    ------
    DataError
        For a column of categories, or with missing cells.
    """
    parts = dataset.train, dataset.validation, dataset.test
    tables = [dataset.table_of(part) for part in parts]
    try:
        for table in tables:
            check_plain(table)
    except ValueError as error:
        raise DataError(f"{dataset.name}: {error}") from None
    scaling = InputScaling.fit(tables[0].X, kind="global")
    if dataset.tables is None:
        return replace(dataset, columns=None, scaling=scaling)
    train, validation, test = (
        Part(table.X, part.y) for table, part in zip(tables, parts, strict=True)
    )
    return replace(
        dataset,
        train=train,
        validation=validation,
        test=test,
        feature_names=tables[0].names,
        columns=None,
        scaling=scaling,
        tables=None,
    )


def as_read_by(dataset: Dataset, ticket: Ticket) -> Dataset:
    """Return a data set as a ticket that was found on it reads it.

    Parameters
    ----------
    dataset : Dataset
        The data set.
    ticket : Ticket
        The ticket.

    Returns
    -------
    Dataset
        Its rows as images, if the ticket has a convolution; else the same data set.

    Raises
    ------
    DataError
        For rows that are no images where the ticket takes these.
    """
    return as_images(dataset) if ticket.network.has_maps else dataset


def check_plain(table: Table) -> None:
    """Raise an error for rows that are no images.

    Parameters
    ----------
    table : Table
        Rows.

    Raises
    ------
    ValueError
        For a column of categories, or with missing cells.
    """
    lacks = lacking(table)
    for place, values in enumerate(table.values):
        if values is not None or lacks[place]:
            what = "has missing cells" if values is None else "holds categories"
            raise ValueError(
                "layers takes convolutions for images alone, whose columns are all numbers of one "
                f"unit; column {table.name_of(place)} {what}"
            )

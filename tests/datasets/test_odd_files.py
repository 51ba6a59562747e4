# Files as people have them: what each is, and what is read of it, or what the error says.
from __future__ import annotations

import gzip
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from scratchcard.datasets import DataError, Known, ReadingOptions, load, load_table
from scratchcard.datasets.files import read_features, read_labelled

NAN = np.nan


@dataclass(frozen=True)
class Odd:
    """A file, and what is read: first rows, names, first answers, the line that says what."""

    what: str
    content: str | bytes
    X: list[list[float]]
    names: str | None
    answers: list[Any]
    said: str = ""
    values: dict[int, tuple[str, ...]] = field(default_factory=dict)
    name: str = "table.csv"
    target: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(as_bytes(content))
    return path


IRIS = "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-virginica\n"
IRIS_X = [[5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4]]
GERMAN = "größe;breite;art\n1,5;2,25;klein\n2;-3,5;groß\n"
GERMAN_X = [[1.5, 2.25], [2, -3.5]]
PLAIN = "a,b,kind\n1,2,x\n3,4,y\n"
PLAIN_X = [[1, 2], [3, 4]]

ODD = [
    Odd("a plain file says nothing", PLAIN, PLAIN_X, "a b kind", ["x", "y"]),
    Odd("a mark before UTF-8", "\ufeff" + PLAIN, PLAIN_X, "a b kind", ["x", "y"]),
    Odd("line ends of Windows", PLAIN.replace("\n", "\r\n"), PLAIN_X, "a b kind", ["x", "y"]),
    Odd("line ends of an old Mac", PLAIN.replace("\n", "\r"), PLAIN_X, "a b kind", ["x", "y"]),
    Odd("no line end at the end", PLAIN.rstrip(), PLAIN_X, "a b kind", ["x", "y"]),
    Odd("a last line of blanks", PLAIN + "   \n \n", PLAIN_X, "a b kind", ["x", "y"]),
    Odd("blank lines between rows", PLAIN.replace("\n", "\n\n"), PLAIN_X, "a b kind", ["x", "y"]),
    Odd("blanks around cells", PLAIN.replace(",", " , "), PLAIN_X, "a b kind", ["x", "y"]),
    Odd(
        "points that part no thousands: three digits everywhere, or not everywhere",
        "a\tb\tkind\n2.000\t2\tx\n1.234\t1.234\ty\n23.456\t23.456\tx\n5.125\t1.5\ty\n",
        [[2, 2], [1.234, 1.234], [23.456, 23.456], [5.125, 1.5]],
        "a b kind",
        ["x", "y", "x", "y"],
        name="table.tsv",
    ),
    Odd(
        "blanks of other widths, and form feeds, around cells",
        "a\u2003,b\u2009,\u3000kind\u00a0\n1,2,x\u2003\n3\u2003,\u20094,\u2002y\n",
        PLAIN_X,
        "a b kind",
        ["x", "y"],
    ),
    Odd(
        "form feeds at the end of lines",
        PLAIN.replace("\n", "\f\n"),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
    ),
    Odd(
        "semicolons and decimal commas",
        GERMAN,
        GERMAN_X,
        "größe breite art",
        ["klein", "groß"],
        "semicolons, decimal commas; labels in 'art'",
    ),
    Odd(
        "Latin-1",
        GERMAN.encode("latin-1"),
        GERMAN_X,
        "größe breite art",
        ["klein", "groß"],
        "semicolons, decimal commas, Latin-1; labels in 'art'",
    ),
    Odd(
        "Windows-1252",
        "a,preis\n1,5 €\n2,7 €\n".encode("cp1252"),
        [[1], [2]],
        "a preis",
        ["5 €", "7 €"],
        "Windows-1252; labels in 'preis'",
    ),
    Odd(
        "UTF-16, little-endian",
        b"\xff\xfe" + GERMAN.encode("utf-16-le"),
        GERMAN_X,
        "größe breite art",
        ["klein", "groß"],
        "semicolons, decimal commas, UTF-16; labels in 'art'",
    ),
    Odd(
        "UTF-16, big-endian",
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        "UTF-16; labels in 'kind'",
    ),
    Odd(
        "UTF-16 without a mark, as the user says",
        PLAIN.encode("utf-16-le"),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        options={"encoding": "utf-16-le"},
    ),
    Odd(
        "tabs in a .tsv are no surprise",
        PLAIN.replace(",", "\t"),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        name="table.tsv",
    ),
    Odd(
        "tabs in a .txt, and commas in a text",
        'a\tkind\n1\t"x, y"\n2\tz\n',
        [[1], [2]],
        "a kind",
        ["x, y", "z"],
        "tabs; labels in 'kind'",
        name="table.txt",
    ),
    Odd(
        "bars",
        PLAIN.replace(",", "|"),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        "bars; labels in 'kind'",
    ),
    Odd(
        "blanks, as the user says",
        "a  b kind\n1   2 x\n 3 4 y\n",
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        options={"delimiter": "space"},
    ),
    Odd(
        "Excel's first line",
        "sep=;\na;kind\n1;x\n2;y\n",
        [[1], [2]],
        "a kind",
        ["x", "y"],
        "semicolons; labels in 'kind'",
    ),
    Odd(
        "packed, by its first bytes",
        gzip.compress(PLAIN.encode()),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        name="table.csv.gz",
    ),
    Odd(
        "packed without saying so",
        gzip.compress(PLAIN.encode()),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
    ),
    Odd(
        "packed tabs",
        gzip.compress(PLAIN.replace(",", "\t").encode()),
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        name="table.tsv.gz",
    ),
    Odd(
        "a line end and a comma in quotes",
        'a,"the ""kind"""\n1,"x,\n y"\n2,z\n',
        [[1], [2]],
        'a the_"kind"',
        ["x,\n y", "z"],
    ),
    Odd(
        "semicolons in quotes do not part commas",
        'a,b,kind\n1,2,"p;q;r"\n3,4,"s;t;u"\n',
        PLAIN_X,
        "a b kind",
        ["p;q;r", "s;t;u"],
    ),
    Odd(
        "decimal commas in quotes between commas",
        'a,kind\n"1,5",x\n"2,25",y\n',
        [[1.5], [2.25]],
        "a kind",
        ["x", "y"],
        "decimal commas; labels in 'kind'",
    ),
    Odd(
        "decimal commas, no header",
        "1,5;2,5;x\n2,5;?;x\n3;4;y\n",
        [[1.5, 2.5], [2.5, NAN], [3, 4]],
        None,
        ["x", "x", "y"],
        "semicolons, decimal commas, no header; 1 missing value; labels in column 2",
    ),
    Odd(
        "UCI's iris.data: no header, labels of text",
        IRIS,
        IRIS_X,
        None,
        ["Iris-setosa", "Iris-setosa", "Iris-virginica"],
        "no header; labels in column 4",
        name="iris.data",
    ),
    Odd(
        "no header and only numbers",
        "5,3,0\n4,3,1\n6,2,0\n",
        [[5, 3], [4, 3]],
        None,
        [0, 1, 0],
        "no header; labels in column 2",
    ),
    Odd(
        "no header, by option: nothing to say",
        "1,2,x\n3,4,y\n",
        PLAIN_X,
        None,
        ["x", "y"],
        options={"header": False},
    ),
    Odd(
        "a header, by option",
        "colour,kind\nred,x\nblue,y\n",
        [[1], [0]],
        "colour kind",
        ["x", "y"],
        "1 category; labels in 'kind'",
        {0: ("blue", "red")},
        options={"header": True},
    ),
    Odd(
        "only text: names that do not recur",
        "colour,kind\nred,x\nblue,y\nred,y\nblue,x\n",
        [[1], [0]],
        "colour kind",
        ["x", "y", "y", "x"],
        "1 category; labels in 'kind'",
        {0: ("blue", "red")},
    ),
    Odd(
        "only text: a first row that recurs",
        "red,x\nblue,y\nred,y\nblue,x\n",
        [[1], [0]],
        None,
        ["x", "y", "y", "x"],
        "no header; 1 category; labels in column 1",
        {0: ("blue", "red")},
    ),
    Odd(
        "a frame of pandas without names",
        "0,1,2,3,label\n" + IRIS,
        IRIS_X,
        "0 1 2 3 label",
        ["Iris-setosa", "Iris-setosa", "Iris-virginica"],
    ),
    Odd(
        "a frame of pandas without names, with its index",
        ",0,1,label\n0,5.1,3.5,x\n1,4.9,3.0,y\n",
        [[5.1, 3.5], [4.9, 3.0]],
        "0 1 label",
        ["x", "y"],
        "labels in 'label'; left out: index column",
    ),
    Odd(
        "rows of 0 and 1 without a header",
        "0,1,x\n1,0,y\n0,0,x\n",
        [[0, 1], [1, 0]],
        None,
        ["x", "y", "x"],
        "no header; labels in column 2",
    ),
    Odd(
        "years as names",
        "country,1990,1991\na,1.5,2.5\nb,2.5,3.5\na,2.5,3.5\n",
        [[0, 1.5], [1, 2.5]],
        "country 1990 1991",
        [2.5, 3.5, 3.5],
        "1 number, 1 category; labels in '1991'",
        {0: ("a", "b")},
        target=None,
        options={"header": True},
    ),
    Odd(
        "an index without a name that starts at 1",
        ',a,kind\n"1",5,x\n"2",7,y\n',
        [[5], [7]],
        "a kind",
        ["x", "y"],
        "labels in 'kind'; left out: index column",
    ),
    Odd(
        "R's row names",
        '"row.names",a,kind\n1,5,x\n2,7,y\n',
        [[5], [7]],
        "a kind",
        ["x", "y"],
        "labels in 'kind'; left out: index column 'row.names'",
    ),
    Odd(
        "a column that is called index and is none",
        "index,a,kind\n7,5,x\n3,7,y\n",
        [[7, 5], [3, 7]],
        "index a kind",
        ["x", "y"],
    ),
    Odd(
        "an id is a feature, but that is said",
        "id,a,kind\n1,5,x\n2,7,y\n",
        [[1, 5], [2, 7]],
        "id a kind",
        ["x", "y"],
        "labels in 'kind'; column 'id' counts the rows; --drop leaves it out",
    ),
    Odd(
        "an id that is dropped",
        "id,a,b,kind\n17,5,1,x\n23,7,1,y\n",
        [[5], [7]],
        "a kind",
        ["x", "y"],
        options={"drop": ("id,b",)},
    ),
    Odd(
        "a name with a comma that is dropped",
        '"a,b",c,kind\n17,5,x\n23,7,y\n',
        [[5], [7]],
        "c kind",
        ["x", "y"],
        options={"drop": ("a,b",)},
    ),
    Odd(
        "places that are dropped",
        IRIS,
        [[3.5, 0.2], [3.0, 0.2]],
        None,
        ["Iris-setosa", "Iris-setosa", "Iris-virginica"],
        "no header; labels in column 4",
        options={"drop": ("0", "2")},
    ),
    Odd(
        "labels in the first column, by place",
        "x,5.5,1\ny,7.5,2\nx,6.5,1\n",
        [[5.5, 1], [7.5, 2]],
        None,
        ["x", "y", "x"],
        "no header",
        target="0",
    ),
    Odd(
        "a target that is named makes a header",
        "kind,shape\na,p\nb,q\n",
        [[0], [1]],
        "shape kind",
        ["a", "b"],
        "1 category",
        {0: ("p", "q")},
        target="kind",
    ),
    Odd(
        "missing cells of all kinds",
        "a,b,kind\n1,,x\n?,NA,x\nN/A,2,y\nnan,null,y\n",
        [[1, NAN], [NAN, NAN], [NAN, 2], [NAN, NAN]],
        "a b kind",
        ["x", "x", "y", "y"],
        "6 missing values; labels in 'kind'",
    ),
    Odd(
        "missing cells that the user names",
        "a,kind\n1,x\n-,x\n-999,y\n",
        [[1], [NAN], [NAN]],
        "a kind",
        ["x", "x", "y"],
        "2 missing values; labels in 'kind'",
        options={"missing": ("-", "-999")},
    ),
    Odd(
        "a missing category",
        "a,b,kind\nred,1,x\n?,2,x\nblue,3,y\n",
        [[1, 1], [NAN, 2], [0, 3]],
        "a b kind",
        ["x", "x", "y"],
        "1 number, 1 category, 1 missing value; labels in 'kind'",
        {0: ("blue", "red")},
    ),
    Odd(
        "a column with nothing in it",
        "a,b,kind\n1,,x\n2,,y\n",
        [[1, NAN], [2, NAN]],
        "a b kind",
        ["x", "y"],
        "2 missing values; labels in 'kind'",
    ),
    Odd(
        "a delimiter at the end of every line",
        "a,b,kind,\n1,2,x,\n3,4,y,\n",
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        "labels in 'kind'; left out: empty column",
    ),
    Odd(
        "names of rows without a name, as R writes them",
        '"a"\t"b"\t"kind"\n"1"\t1\t2\t"x"\n"2"\t3\t4\t"y"\n',
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        "labels in 'kind'; left out: index column",
        name="table.tsv",
    ),
    Odd(
        "the same, parted by blanks",
        '"a" "b" "kind"\n"1" 1 2 "x"\n"2" 3 4 "y"\n',
        PLAIN_X,
        "a b kind",
        ["x", "y"],
        "labels in 'kind'; left out: index column",
        options={"delimiter": "space"},
    ),
    Odd(
        "true and false are numbers",
        "a,b,kind\nTrue,TRUE,x\nFalse,,x\nTrue,false,y\n",
        [[1, 1], [0, NAN], [1, 0]],
        "a b kind",
        ["x", "x", "y"],
        "1 missing value; labels in 'kind'",
    ),
    Odd(
        "values such as 3+ beside numbers that recur",
        "a,kind\n" + "0,x\n1,y\n2,x\n3+,y\n" * 5,
        [[0], [1], [2], [3]],
        "a kind",
        ["x", "y"] * 10,
        "1 category; labels in 'kind'",
        {0: ("0", "1", "2", "3+")},
    ),
    Odd(
        "numbers in every way that C writes them",
        "a,b,kind\n+1,.5,x\n-2.,1E3,y\n",
        [[1, 0.5], [-2, 1000]],
        "a b kind",
        ["x", "y"],
    ),
    Odd("labels that are text", "a,kind\n1,01\n2,1\n", [[1], [2]], "a kind", ["01", "1"]),
    Odd("labels that are numbers", "a,kind\n1,1.0\n2,2.00\n", [[1], [2]], "a kind", [1, 2]),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.what)
def test_odd_file(tmp_path, odd):
    path = written(tmp_path, odd.name, odd.content)
    table, answers, labels, said = read_labelled(
        path, odd.target, None if labels_are_text(odd) else "numbers", ReadingOptions(**odd.options)
    )
    assert_array_equal(table.X[: len(odd.X)], odd.X)
    assert {k: v for k, v in enumerate(table.values) if v is not None} == odd.values
    names = None if odd.names is None else [name.replace("_", " ") for name in odd.names.split()]
    if names is None:
        assert table.names is None
    else:
        assert [*table.names, labels.strip("'")] == names
    assert answers[: len(odd.answers)].tolist() == odd.answers
    assert len(answers) == table.n_rows
    assert said == (f"{path}: {odd.said}" if odd.said else "")


def labels_are_text(odd: Odd) -> bool:
    return not any(isinstance(answer, float) for answer in odd.answers)


ROWS = "".join(f"{i},{i % 7},{'xy'[i % 2]}\n" for i in range(40))
UNIQUE = "".join(f"Tom {i},{i % 7},{'xy'[i % 2]}\n" for i in range(40))
TIMES = "".join(f"1.1.20{i},{i % 7},{'xy'[i % 2]}\n" for i in range(10, 50))

BAD = [
    ("nothing", "", "empty$"),
    ("nothing but blank lines", "\n  \n", "empty$"),
    ("a header alone", "a,b,kind\n", "no rows"),
    ("one column", "kind\n" + "x\ny\n" * 9, "no feature columns beside the labels"),
    (
        "a row that is short",
        "a,b,kind\n1,2,x\n1,2\n",
        "line 3 has 2 cells, the first row 3 .parted",
    ),
    (
        "a row that is long, below quoted line ends",
        'a,kind\n1,"x\n\n"\n2,y,z\n',
        "line 5 has 3 cells, the first row 2",
    ),
    (
        "names of rows in R that are names of cars",
        "mpg,kind\nFiat,1,x\nFord,2,y\n",
        "column 0 has no name.*--drop 0",
    ),
    (
        "a delimiter at the end of every row but the first",
        "a,kind\n1,x,\n2,y,\n",
        "line 2 has 3 cells, the first row 2.*its last cell is empty",
    ),
    (
        "comments at the start",
        "# made by a tool\n# on Monday, yes\na,kind\n1,x\n",
        "line 2 has 2 cells.*lines that begin with # are comments, take them out",
    ),
    ("comments below", "a,kind\n1,x\n# part 2\n2,y\n", "line 3 has 1 cell,.*begin with #"),
    ("a row too long, and no header", "1,x\n1,2,x\n3,4,y\n", "line 2 has 3 cells"),
    ("another delimiter below", "a,b\n1,x\n2;y\n", "line 3 has 1 cell,.*--delimiter"),
    ("a quote without an end", 'a,kind\n1,x\n2,"y\n3,x\n', "line 3: a quote .* has no end"),
    ("a quote without an end in a last cell", 'a,kind\n1,x\n2,"y', "line 3: a quote"),
    ("a quote alone at the end", 'a,kind\n1,x\n2,y\n"', "line 4: a quote"),
    ("NUL", b"a,kind\n1,x\n\0,y\n", "line 3 holds a NUL.*--encoding"),
    ("bytes of a program", bytes(range(128, 256)) + bytes(range(1, 32)), "--encoding"),
    (
        "two encodings",
        b"a,kind\n1,\xc3\xa4\n2,\xe4\n",
        "line 3 is not text in UTF-8, though others seem to be; --encoding",
    ),
    ("half of a gzip file", gzip.compress(ROWS.encode())[:-20], "gzip file is cut short"),
    (
        "a damaged gzip file",
        gzip.compress(ROWS.encode(), mtime=0)[:-6] + b"\0" * 6,
        "gzip file is damaged",
    ),
    ("a spreadsheet", b"PK\x03\x04rest", "a spreadsheet .* save the table as CSV"),
    ("numbers parted by blanks", "1 2.5 3\n4 5 6.5\n", "--delimiter space"),
    (
        "a name that stands there twice",
        "a,a,kind\n1,2,x\n",
        "more than one column is named 'a'.*--no-header",
    ),
    ("a column without a name", "a,,kind\n1,2,x\n", "column 1 has no name.*--drop 1.*--no-header"),
    (
        "an index that does not count",
        ",a,kind\n7,1,x\n3,2,y\n",
        "column 0 has no name.*--drop 0",
    ),
    (
        "a first row that may be either",
        "p,5\nq,6\n",
        "first row may name the columns or be data: p, 5. Say --header or --no-header",
    ),
    ("text that may be either", "p,q\nr,s\n", "Say --header or --no-header"),
    (
        "a value over numbers",
        "-,5.5,x\n3,6.5,y\n4,6.5,x\n",
        "Say --header or --no-header",
    ),
    (
        "a slip in a column of numbers",
        "age,b,kind\n" + ROWS + "abc,1,x\n",
        "line 42: column 'age' holds 'abc', numbers elsewhere.*--missing 'abc'.*--drop age",
    ),
    (
        "a slip among few rows",
        "a,kind\n1,x\n2,y\n3x,x\n",
        "line 4: column 'a' holds '3x', numbers elsewhere",
    ),
    (
        "a slip below quoted line ends",
        'a,kind\n1,"x\ny"\n2,"x\r\ny"\noops,y\n3,y\n',
        "line 6: column 'a' holds 'oops'",
    ),
    (
        "a sign for what is missing",
        "a,kind\n" + "0,x\n1,y\n-,x\n" * 9,
        "line 4: column 'a' holds '-', numbers elsewhere.*--missing '-'",
    ),
    (
        "names of people",
        "name,b,kind\n" + UNIQUE,
        "column 'name' holds 'Tom 0', text with 40 different values in 40 rows.*--drop name",
    ),
    (
        "more than 255 values",
        "a,kind\n" + "".join(f"v{i % 256},{i % 2}\n" for i in range(2000)),
        "column 'a' .*256 different values.*--drop a",
    ),
    (
        "a huge text",
        f"a,kind\n{'z' * 10**6},x\nu,y\nu,x\nu,y\n",
        "has 1,000,000 characters.*--drop",
    ),
    ("dates", "day,b,kind\n" + TIMES, "column 'day' holds '1.1.2010', a date .*days since"),
    ("times", "a,t,kind\n1,10:30,x\n2,11:30,y\n", "column 't' holds '10:30', a date or a time"),
    ("infinity", "a,kind\n1,x\n-inf,y\n", "line 3: column 'a' holds -inf; takes finite numbers"),
    ("a number that is too large", "a,kind\n1,x\n1e999,y\n", "holds 1e999; takes finite numbers"),
    ("a label that is missing", "a,kind\n1,x\n2,\n", "line 3 has no label in column 'kind'"),
    ("a label that says so", "a,kind\n1,x\n2,?\n", "line 3 has no label in column 'kind' but '?'"),
    (
        "decimal commas and points",
        "a;b;kind\n1,5;1.5;x\n2,5;2.5;y\n",
        "decimal commas in column 'a' and decimal points in column 'b'; --decimal",
    ),
    (
        "commas that may part thousands",
        'a,kind\n"1,234",x\n"5,678",y\n',
        "commas in the numbers of column 'a' may be decimal marks or part thousands; --decimal",
    ),
    (
        "thousands and decimals",
        "a,kind\n" + "".join(f'"1,{i:03}.5",{"xy"[i % 2]}\n' for i in range(20)),
        "take thousands separators out.*--decimal",
    ),
    (
        "points that may part thousands",
        "a;kind\n987;x\n1.234;y\n23.456;x\n2.000;y\n",
        "points in the numbers of column 'a', such as '1.234', may be .* thousands; --decimal .",
    ),
    *(
        (
            f"thousands parted by {mark!r}, and smaller numbers",
            "a;kind\n" + f"1{mark}234,5;x\n7,5;y\n87{mark}654,25;x\n" * 9,
            "line 2: column 'a' .* take thousands separators out",
        )
        for mark in ".'\u00a0\u202f\u2019"
    ),
    *(
        (
            f"numbers with units, {text}",
            "a,kind\n" + "".join(f"{text.format(i)},{'xy'[i % 2]}\n" for i in range(21)) * 2,
            f"line 2: column 'a' holds .*, a number beside '{unit}'; leave .*--drop a",
        )
        for text, unit in (("{} kg", "kg"), ("{}%", "%"), ("€ {}.50", "€"), ("0x{:x}", "0x"))
    ),
    (
        "numbers with two units",
        "a,kind\n" + "".join(f"{i} {('kg', 'lb')[i % 2]},{'xy'[i % 3 > 0]}\n" for i in range(30)),
        "holds '0 kg', a number beside 'kg' or 'lb'",
    ),
    (
        "a month of a year",
        "a,kind\n2020-01,x\n2020-02,y\n",
        "column 'a' holds '2020-01', a date or a time",
    ),
    (
        "a name that a shell would part",
        "the name's (full),b,kind\n" + UNIQUE,
        """--drop 'the name'"'"'s .full.' .drop""",
    ),
    (
        "labels in the first column, a constant in the last",
        "kind,a,zero\n" + "x,1,0\ny,2,0\n" * 20,
        "all 40 rows are of one class, 0.*labels are in column 'zero'; --target",
    ),
    ("labels that may be numbers", "a,b\n1,0.5\n2,1.5\n", "column 'b'.*--target"),
    ("a target that is not there", PLAIN, "no column 'klass'; its columns: a, b, kind", "klass"),
    (
        "a name where there are none",
        IRIS,
        r"no column 'kind'; without a header --target \(target\) takes a place from 0 to 4",
        "kind",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[0])
def test_bad_file(tmp_path, bad):
    _, content, message, *target = bad
    path = written(tmp_path, "table.csv", content)
    with pytest.raises(DataError, match=message) as caught:
        load(path, *target)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "::"}, "--delimiter .* takes one character"),
        ({"delimiter": '"'}, "--delimiter"),
        ({"decimal": ";"}, "--decimal .* takes '.' or ','"),
        ({"encoding": "klingon"}, "--encoding .* got 'klingon'"),
        ({"encoding": "zlib_codec"}, "--encoding"),
        ({"encoding": "ascii"}, "line 1 is not text in ascii; --encoding"),
        ({"drop": ("klass",)}, "no column 'klass'; its columns: größe, breite, art"),
        ({"drop": ("größe", "breite", "art")}, "no column is left for the labels"),
        ({"drop": ("größe", "breite")}, "no feature columns"),
        ({"decimal": ".", "header": True}, "column 'größe' holds '1,5', numbers elsewhere"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, message):
    path = written(tmp_path, "table.csv", GERMAN)
    with pytest.raises(DataError, match=message):
        load(path, reading=ReadingOptions(**options))


@pytest.mark.parametrize("name", ["iris", "rows.npz", "rows.parquet"])
def test_options_of_text_are_refused_elsewhere(tmp_path, monkeypatch, name):
    pandas = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    np.savez("rows.npz", X=np.zeros((9, 2)), y=np.arange(9))
    pandas.DataFrame({"a": [1.0], "b": ["x"]}).to_parquet("rows.parquet")
    for read in (load, load_table):
        with pytest.raises(DataError, match="--delimiter"):
            read(name, reading=ReadingOptions(delimiter=";"))


# What no CSV file has


@pytest.fixture
def frame():
    pandas = pytest.importorskip("pandas")
    n = np.arange(40)
    return pandas.DataFrame(
        {"a": n % 7, "flag": n % 3 == 0, "colour": np.take(["red", "blue"], n % 2), "kind": n % 2}
    )


def test_the_index_of_a_frame_in_parquet_is_no_feature(tmp_path, frame):
    path = tmp_path / "rows.parquet"
    for index in (["a", "colour"], ["patient"]):
        named = frame.assign(patient=7 * frame.index % 41)[["patient", *frame]].set_index(index)
        named.to_parquet(path)
        read = read_labelled(path, None, None)
        assert read.labels == "'kind'"
        left = {"a", "patient", "flag", "colour"} - set(index)
        assert set(read.table.names) == left
        for name in index:
            assert f"index {name!r}" in read.notes
    frame.set_index("colour").to_parquet(path)
    assert set(read_labelled(path, "colour").answers) == {"red", "blue"}


def test_parquet_of_numbers_and_categories(tmp_path, frame):
    path = tmp_path / "rows.parquet"
    frame["size"] = frame["a"].astype("category")
    frame.loc[3, "colour"] = None
    frame.to_parquet(path)
    read = read_labelled(path, "kind", None)
    assert read.table.names == ("a", "flag", "colour", "size")
    assert read.table.values[:3] == (None, None, ("blue", "red"))
    assert read.table.values[3] == tuple("0123456")
    assert_array_equal(read.table.X[:4, 1], [1, 0, 0, 1])
    assert np.isnan(read.table.X[3, 2])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    from_csv = read_labelled(tmp_path / "rows.csv", "kind", None)
    assert_array_equal(from_csv.table.X, read.table.X)


def test_parquet_refuses_what_is_no_feature(tmp_path, frame):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "rows.parquet"
    frame.assign(day=pandas.Timestamp("2020-01-01")).to_parquet(path)
    with pytest.raises(DataError, match=r"column 'day' holds dates.*--drop day"):
        read_labelled(path, "kind", None)
    frame.assign(name=[f"Tom {i}" for i in range(40)]).to_parquet(path)
    with pytest.raises(DataError, match=r"column 'name' .*40 different values.*--drop name"):
        read_labelled(path, "kind", None)
    assert (
        "name" not in read_labelled(path, "kind", None, ReadingOptions(drop=("name",))).table.names
    )


def test_labels_that_are_missing_in_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    for labels in (["x", None, "y"], ["x", " ", "y"], ["x", "-", "y"], [1.0, float("nan"), 2.0]):
        parquet.write_table(pa.table({"a": [1, 2, 3], "kind": labels}), path)
        with pytest.raises(DataError, match="row 2 has no value in column 'kind'; --target"):
            read_labelled(path, None, None, ReadingOptions(missing=("-",)))
        assert read_labelled(path, "kind", "none", ReadingOptions(missing=("-",))).answers is None


def test_a_column_without_a_name_in_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"": [1, 2, 3], "a": [1, 2, 3], "kind": ["x", "y", "x"]}), path)
    with pytest.raises(DataError, match=r"column 0 has no name; --drop 0 \(drop\) leaves it out$"):
        read_labelled(path, None)
    assert read_labelled(path, None, None, ReadingOptions(drop=("0",))).table.names == ("a",)


def test_metadata_of_parquet_is_not_trusted(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for said in (b"{", b"[]", b'{"index_columns": 7}', b'{"index_columns": [{"a": 1}, null, "z"]}'):
        table = pa.table({"a": [1, 2], "kind": ["x", "y"]})
        parquet.write_table(
            table.replace_schema_metadata({b"pandas": said}), tmp_path / "t.parquet"
        )
        assert read_labelled(tmp_path / "t.parquet", None).table.names == ("a",)


class Input:
    """A standard input that holds some bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_standard_input(tmp_path, monkeypatch, frame):
    frame.to_parquet(tmp_path / "rows.parquet")
    np.savez(tmp_path / "rows.npz", X=np.ones((2, 2)), y=np.arange(2))
    for content, shape in (
        (PLAIN.encode(), (2, 2)),
        (gzip.compress(PLAIN.encode()), (2, 2)),
        ((tmp_path / "rows.parquet").read_bytes(), (40, 3)),
        ((tmp_path / "rows.npz").read_bytes(), (2, 2)),
    ):
        monkeypatch.setattr(sys, "stdin", Input(content))
        assert read_labelled(Path("-"), None).table.X.shape == shape
    monkeypatch.setattr(sys, "stdin", Input(b""))
    with pytest.raises(DataError, match=r"^standard input: empty"):
        load("-")


# Wide tables, long ones


def test_forty_thousand_columns_are_read(tmp_path):
    names = ",".join(f"c{i}" for i in range(40_000))
    row = ",".join(str(i % 97) for i in range(40_000))
    path = written(tmp_path, "wide.csv", f"{names},kind\n" + f"{row},x\n{row},y\n" * 3)
    assert read_labelled(path, None).table.X.shape == (6, 40_000)


# For a ticket


def like(names: str | None, categories: tuple[int, ...] = (), n: int | None = None) -> Known:
    known = None if names is None else tuple(names.split())
    return Known(n or len(known or ()), known, frozenset(categories))


def test_columns_are_found_by_name(tmp_path):
    path = written(tmp_path, "rows.csv", "junk,b,a\nTom,2,1\nTim,4,3\n")
    table, said = read_features(path, None, like=like("a b"))
    assert (table.X.tolist(), table.names, said) == ([[1, 2], [3, 4]], ("a", "b"), "")
    with pytest.raises(
        DataError, match="columns that are not there: c, d; its columns: junk, b, a"
    ):
        read_features(path, None, like=like("a c d"))


def test_columns_that_a_ticket_does_not_read_may_have_one_name(tmp_path):
    path = written(tmp_path, "rows.csv", "junk,b,a,junk\nTom,2,1,5\nTim,4,3,5\n")
    table, _ = read_features(path, None, like=like("a b"))
    assert table.X.tolist() == [[1, 2], [3, 4]]
    for target, known in (("junk", "a b"), (None, "a junk")):
        with pytest.raises(DataError, match="more than one column is named 'junk'"):
            read_features(path, target, like=like(known))


def test_columns_that_are_asked_for_are_not_dropped(tmp_path):
    path = written(tmp_path, "rows.csv", "junk,b,a\nTom,2,1\nTim,4,3\n")
    for target, drop in (("a", ()), (None, ("a",))):
        with pytest.raises(DataError, match=r"--target or --drop leaves out .* reads: a$"):
            read_features(path, target, ReadingOptions(drop=drop), like("a b"))
    with pytest.raises(DataError, match=r"--drop \(drop\) leaves out --target \(target\), 'a'"):
        load(path, "a", reading=ReadingOptions(drop=("junk", "a")))


@pytest.mark.parametrize("name", ["id", "ID", "row_id", "PassengerId", "customerID", "No.", "row"])
def test_a_column_that_counts_the_rows_is_said(tmp_path, name):
    path = written(tmp_path, "rows.csv", f"{name},width,kind\n1,7,x\n2,5,y\n")
    assert f"column {name!r} counts the rows" in read_labelled(path, None).notes
    path.write_text("grid,width,kind\n1,7,x\n2,5,y\n")
    assert "counts" not in read_labelled(path, None).notes


def test_columns_that_a_ticket_does_not_read_need_not_be_there(tmp_path):
    path = written(tmp_path, "rows.csv", "b,a\n2,1\n")
    table, _ = read_features(path, None, like=Known(3, ("a", None, "b"), frozenset({1})))
    assert (table.X.tolist(), table.names) == ([[1, 2]], ("a", "b"))


def test_categories_of_a_ticket_are_read_as_they_stand(tmp_path):
    path = written(tmp_path, "rows.csv", "a,b\n01,1.0\n1,2\n?,3\n")
    table, _ = read_features(path, None, like=like("a b", (0,)))
    assert table.values == (("01", "1"), None)
    assert_array_equal(table.X, [[0, 1], [1, 2], [NAN, 3]])
    with pytest.raises(DataError, match=r"line 2: column 'a' holds 'red', not.*--missing"):
        read_features(written(tmp_path, "rows.csv", "a,b\nred,1\n"), None, like=like("a b"))


def meant(*values: str, n: int = 2) -> Known:
    return Known(n, ("c", "a")[:n], frozenset({0}), {0: values})


@pytest.mark.parametrize(
    ("known", "cell", "expected"),
    [
        (("0", "1"), "True", "1"),
        (("False", "True", "maybe"), "FALSE", "False"),
        (("1", "2", "3+"), "1.0", "1"),
        (("0.5", "1.5"), "1.50", "1.5"),
        ((" yes", " no"), "yes", " yes"),
        (("1", "1.0"), "1.00", "1.00"),  # which of them is not known
        (("1", "2"), "01", "01"),  # a code, and no number
        (("1", "01"), "01", "01"),
    ],
)
def test_values_of_a_ticket_in_another_writing(tmp_path, known, cell, expected):
    path = written(tmp_path, "rows.csv", f"c,a\n{cell},1\n?,1\n{known[0]},2\nother,3\n")
    table, said = read_features(path, None, like=meant(*known))
    values = table.values[0]
    assert values[int(table.X[0, 0])] == expected
    assert np.isnan(table.X[1, 0])
    assert values[int(table.X[2, 0])] == known[0]
    assert values[int(table.X[3, 0])] == "other"
    assert said == ""


def test_booleans_in_parquet_are_values_of_a_ticket(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "rows.parquet"
    pandas.DataFrame({"c": [True, False], "a": [1, 2]}).to_parquet(path)
    table, _ = read_features(path, None, like=meant("False", "True", "maybe"))
    assert [table.values[0][int(code)] for code in table.X[:, 0]] == ["True", "False"]


def test_a_column_without_any_value_that_a_ticket_reads_is_said(tmp_path):
    path = written(tmp_path, "rows.csv", "c,a\n" + "Red,1\nBlue,2\n" * 5)
    _, said = read_features(path, None, like=meant("red", "blue"))
    assert said == (
        f"{path}: no cell of column 'c' holds a value that the ticket reads, such as 'red'; the "
        "first holds 'Red'"
    )
    path.write_text("c,a\n" + "Red,1\n" * 9)  # so few may be by chance
    assert read_features(path, None, like=meant("red", "blue"))[1] == ""


def test_what_is_missing_beside_the_values_of_a_ticket(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"c": ["?", "NA", "red", ""], "a": [1, 2, 3, 4]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_parquet(tmp_path / "rows.parquet")
    for name in ("rows.csv", "rows.parquet"):
        table, _ = read_features(tmp_path / name, None, like=meant("?", "red"))
        assert table.values[0] == ("?", "red")
        assert_array_equal(table.X[:, 0], [0, NAN, 1, NAN])
        said = ReadingOptions(missing=("?",))
        table, _ = read_features(tmp_path / name, None, said, meant("?", "red"))
        assert_array_equal(table.X[:, 0], [NAN, NAN, 0, NAN])


def test_text_in_parquet_that_a_ticket_takes_as_it_is(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "rows.parquet"
    names = [f"v{i}" for i in range(300)]
    pandas.DataFrame({"c": names, "a": ["1", "2.5", "NA"] * 100}).to_parquet(path)
    table, _ = read_features(path, None, like=like("c a", (0,)))
    assert len(table.values[0]) == 300
    assert_array_equal(table.X[:3, 1], [1, 2.5, NAN])
    pandas.DataFrame({"c": ["x", "y"], "a": ["1", "two"]}).to_parquet(path)
    with pytest.raises(DataError, match=r"row 2: column 'a' holds 'two', not a .*--missing"):
        read_features(path, None, like=like("c a", (0,)))


def test_a_row_of_names_is_a_header_for_a_ticket_that_knows_them(tmp_path):
    path = written(tmp_path, "rows.csv", "p,q\nr,s\n")
    table, _ = read_features(path, None, like=like("p q", (0, 1)))
    assert table.n_rows == 1


def test_columns_by_place(tmp_path):
    path = written(tmp_path, "rows.csv", IRIS)
    with pytest.raises(
        DataError, match=r"has 5 columns and the ticket takes 4.*--target or --drop"
    ):
        read_features(path, None, like=like(None, n=4))
    for target, drop in (("4", ()), (None, ("4",))):
        table, said = read_features(path, target, ReadingOptions(drop=drop), like(None, n=4))
        assert_array_equal(table.X, IRIS_X)
        assert said == f"{path}: no header"
    table, said = read_features(path, None, like=like(None, n=4), spare_last=True)
    assert said == f"{path}: no header; left out: the last column"
    table, _ = read_features(path, "4", ReadingOptions(drop=("0",)), like(None, n=3))
    assert table.X.shape == (3, 3)
    with pytest.raises(DataError, match=r"has 5 columns and the ticket takes 9 features$"):
        read_features(path, None, like=like(None, n=9))


def test_columns_named_by_pandas_are_read_for_a_ticket(tmp_path):
    path = written(tmp_path, "rows.csv", "0,1,2,3\n5,3,1,0\n4,3,1,0\n")
    table, _ = read_features(path, None, like=like("0 1 2 3"))
    assert table.X.tolist() == [[5, 3, 1, 0], [4, 3, 1, 0]]


def test_one_row_without_a_header(tmp_path):
    for end in ("", "\n", "\r\n"):
        path = written(tmp_path, "rows.csv", "5.1,3.5,1.4,0.2" + end)
        table, _ = read_features(path, None, like=like(None, n=4))
        assert table.X.tolist() == [[5.1, 3.5, 1.4, 0.2]]

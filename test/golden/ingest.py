"""Awkward files as pandas reads them, and numpy's statistics: the truth that ingest is held against."""
import io
import json
import os

import numpy
import pandas

NA = ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "?"]

files = {
    "quotes": 'a,b,c\n"x, y",1,"say ""hi"""\n"two\nlines",2.5,\nplain,-3e2,z\n',
    "crlf": "a,b\r\n1,x\r\n2,y\r\n",
    "missing": "a,b,c\n1,NA,?\n,n/a,x\n3,4,NULL\nnan,5,y\n",
    "numbers": "v\n1e5\n-0.0\n+7\n.5\n5.\n1.7976931348623157e308\n4.9e-324\n0.1234567890123456789\n9007199254740993\n123456789012345678\n",
    "unicode": "naïve,日本\n1,é\n2,🎈\n",
    "bom": "\ufeffa,b\n1,2\n",
    "semicolon": "a;b\n1,5;x\n-2,25;y\n",
    "tabs": "a\tb\n1\tx y\n2\t\n",
    "blank-lines": "a,b\n\n1,2\n\n\n3,4\n",
    "last-line-open": 'a,b\n1,"x"',
}
encodings = {"bom": "utf-8"}


def read(name, text):
    separator = {"semicolon": ";", "tabs": "\t"}.get(name, ",")
    frame = pandas.read_csv(
        io.BytesIO(text.encode("utf-8")), sep=separator, decimal="," if name == "semicolon" else ".",
        na_values=NA, keep_default_na=False, float_precision="round_trip", encoding="utf-8-sig" if name == "bom" else "utf-8",
    )
    columns = []
    for column in frame.columns:
        cells = []
        for cell in frame[column].tolist():
            if isinstance(cell, float) and numpy.isnan(cell):
                cells.append(None)
            else:
                cells.append(cell)
        columns.append({"name": str(column), "cells": cells})
    return columns


random = numpy.random.default_rng(7)
series = {
    "normal": numpy.round(random.normal(size=500), 6),
    "whole": random.integers(0, 20, size=300).astype(float),
    "skewed": numpy.round(random.lognormal(size=400), 4),
    "few": numpy.array([3.0, 1.0, 2.0]),
    "one": numpy.array([42.5]),
    "large": numpy.array([1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3]),
}
statistics = []
for name, values in series.items():
    statistics.append({
        "name": name,
        "values": values.tolist(),
        "mean": float(numpy.mean(values)),
        "sd": float(numpy.std(values)),
        "quantiles": numpy.quantile(values, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]).tolist(),
        "distinct": int(len(numpy.unique(values))),
    })

result = {
    "versions": {"pandas": pandas.__version__, "numpy": numpy.__version__},
    "parameters": {"na_values": NA, "keep_default_na": False, "float_precision": "round_trip"},
    "files": [{"name": name, "text": text, "columns": read(name, text)} for name, text in files.items()],
    "statistics": statistics,
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ingest.json"), "w", encoding="utf-8") as out:
    json.dump(result, out, ensure_ascii=False, allow_nan=False, indent=1)
    out.write("\n")

"""The forms in which a panel can come in, one file each, and the small grammars they share.

::

    a file ── source ──> text ──> panel_csv | panel_json | fhir | cases ──> rows ──> Measurement
                                                                 taking ──> Dose
                                                                 text   ──> age, sex, weight, height, genes

A form only finds the cells: what a cell means is decided in one place (`rows`, `values`, `taking`, `text`), so that a
value means the same in a CSV file, in JSON and in a FHIR Bundle. Whatever is wrong with what was given ends in an
`InputError` that names file, row and column and says what would be right; what is merely not known (a marker, a drug)
is kept and listed as an issue.

The function that people call is `eutone.read` (`eutone/_read.py`).
"""

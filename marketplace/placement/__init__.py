"""Placement: reading and judging the file of debts a creditor hands over.

`reading.read_file` finds encoding, separator and columns; `judge.judge_rows` gives each row one verdict.
Nothing here touches the database.
"""

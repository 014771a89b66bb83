"""Rows: text with separators, workbooks, JSON and termbases."""

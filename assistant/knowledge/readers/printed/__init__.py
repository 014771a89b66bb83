"""Text that was laid out on pages, back into paragraphs, headings, lists and tables.

``glyphs`` makes lines of signs, ``ruled`` and ``grid`` find tables, ``frame`` what surrounds the
text on every page, ``order`` the columns; ``words`` joins what lines cut, ``prose`` makes
paragraphs of lines, and ``markdown`` writes them.
"""

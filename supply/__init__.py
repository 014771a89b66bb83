"""What Routeback is made of: packages, models and data, each with version, sum and licence.

``python -m supply`` writes it down as a CycloneDX bill of materials; ``make sbom``.
"""

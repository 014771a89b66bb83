"""The desk under attack: races and kills, and pages with much behind them."""

"""The answers this process keeps: books, candles and markets share one budget."""

from opinion_market.api.representations import Representations

KEPT = Representations()

"""A market of the demonstration in which only the tests trade."""

from dataclasses import dataclass

from tests.browser.person import Person


@dataclass(frozen=True)
class QuietMarket:
    """Two outcomes, a pure order book, and room between its best bid and its best offer."""

    id: str
    question: str
    best_bid: int

    @classmethod
    def found_by(cls, person: Person) -> "QuietMarket":
        """The first one that the person's own API shows. Prices are of the first outcome, in units."""
        for market in person.ask("GET", "markets?status=open&kind=binary&limit=50")["results"]:
            if market["house_liquidity"]:
                continue
            book = person.ask("GET", f"markets/{market['id']}/book")["outcomes"][0]
            bid, offer = (
                side[0]["price"] if side else end for side, end in ((book["bids"], 0), (book["offers"], 10_000))
            )
            if offer - bid > 20:
                return cls(market["id"], market["question"], bid)
        raise AssertionError("The demonstration has no quiet market")

    def trade(self, buyer: Person, seller: Person, contracts: int) -> None:
        """The two of them, by their programs, one unit above the best bid."""
        terms = {"outcome": 0, "price": self.best_bid + 1, "quantity": contracts}
        buyer.ask("POST", f"markets/{self.id}/orders", {**terms, "side": "buy"})
        seller.ask("POST", f"markets/{self.id}/orders", {**terms, "side": "sell"})

    @property
    def address(self) -> str:
        return f"/markets/{self.id}"

    def price(self, above: int) -> str:
        """A price within the spread, so many units above the best bid, as the pages write it."""
        units = self.best_bid + above
        return f"{units // 100}.{units % 100:02d}"

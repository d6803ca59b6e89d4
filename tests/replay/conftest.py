"""An invented recording: two findings, four forecasters, prices from the curve the record is said to come from."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HEADER = "project,finding_id,transaction_id,time_stamp,forecaster_id,net_shares,price"
NET_SHARES = {"a": (19.25, -3.5, -60.125, -60.126, 12.0), "b": (-80.0, 40.4444, 41.0)}
FORECASTERS = ("ann", "bob", "cem", "dee")


def price(net_shares: float, b: int = 100) -> float:
    return 1 / (1 + math.exp(net_shares / b))


@dataclass
class Record:
    """The lines of a file of trades, to be changed before it is written."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    outcomes: str = "project,finding_id,replicated\nTST,a,1\nTST,b,0\nELSE,a,0\n"
    name: str = "some_trades.csv"

    def write(self) -> Path:
        path = self.folder / self.name
        path.write_text("\n".join([HEADER, *self.lines]) + "\n")
        (self.folder / "some_outcomes.csv").write_text(self.outcomes)
        return path


@pytest.fixture
def record(tmp_path: Path) -> Record:
    lines = []
    for finding, positions in NET_SHARES.items():
        for place, net in enumerate(positions):
            forecaster = FORECASTERS[place % len(FORECASTERS)]
            transaction = f"{finding}{place}-{tmp_path.name}"
            lines.append(f"TST,{finding},{transaction},2012-11-09T10:08:20Z,{forecaster},{net},{price(net)}")
    return Record(tmp_path, lines)

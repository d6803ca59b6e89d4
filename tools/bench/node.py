"""Node and its `ws`, which only the benchmark of the hub needs: the peer is made of them, and so are the clients."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from opinion_market.settings.env import BASE_DIR

WS = "ws@8.23.0"
PACKAGES = BASE_DIR / "var" / "bench" / "npm"
SCRIPTS = BASE_DIR.parent / "shared" / "bench"


class NotThere(Exception):
    """Something that is not part of the repository is missing; the text says what, in one sentence."""


@dataclass(frozen=True, slots=True)
class Node:
    """CLIENTS URL N SECONDS HELLO opens N sockets, sends HELLO over each and prints one line of JSON: frames_per_s,
    delay_ms_p50, delay_ms_p99. PEER PORT RATE sends a frame of 250 bytes to every client RATE times a second."""

    binary: str
    clients: Path
    peer: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "NODE_PATH": str(PACKAGES / "node_modules")}


def ready_node(scripts: Path = SCRIPTS) -> Node:
    """Find Node and the scripts, and have npm fetch `ws` if it is not there yet. Raises NotThere."""
    binary, npm = shutil.which("node"), shutil.which("npm")
    if binary is None or npm is None:
        raise NotThere("The fan-out is not measured: it needs Node and npm, which are not installed.")
    node = Node(binary, scripts / "ws_clients.js", scripts / "ws_broadcast.js")
    for script in (node.clients, node.peer):
        if not script.is_file():
            raise NotThere(f"The fan-out is not measured: {script.name} is not in {os.path.relpath(scripts)}.")
    if not _is_installed():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(PACKAGES), "--no-audit", "--no-fund", "--ignore-scripts", WS]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not _is_installed():
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise NotThere(f"The fan-out is not measured: npm could not install {WS} ({reason[0]}).")
    return node


def _is_installed() -> bool:
    package = PACKAGES / "node_modules" / "ws" / "package.json"
    return package.is_file() and f'"version": "{WS.partition("@")[2]}"' in package.read_text(encoding="utf-8")

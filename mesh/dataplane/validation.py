"""Asking Envoy whether it would take a configuration, before anything is changed."""

import re
import subprocess
import tempfile
from pathlib import Path

import orjson

from mesh.dataplane.bootstrap import static
from mesh.dataplane.localising import localise
from mesh.dataplane.spec import Host, Resources
from opinion_market.kernel.errors import InvalidInput
from opinion_market.platform import binaries

PATIENCE_S = 20
_LOG_PREFIX = re.compile(r"^\[[^\]]*\]\[\d+\]\[(?P<level>\w+)\]\[[\w.]+\] (\[[^\]]*\] )?", re.MULTILINE)


class ConfigurationRefused(InvalidInput):
    """Envoy would not take the configuration; the message holds its own words. Nothing was changed."""

    code = "configuration_refused"
    title = "Envoy refuses this configuration."


def check(resources: Resources) -> None:
    """Raises ConfigurationRefused with Envoy's reason. About 0.1 s; starts no server and binds no address."""
    with tempfile.TemporaryDirectory(prefix="mesh-check-") as folder:
        host = Host(node="validation", addresses=["127.0.0.1"], port=1, config=folder, sockets=folder, logs=folder)
        path = Path(folder, "whole.json")
        path.write_bytes(orjson.dumps(static(localise(resources, host), host)))
        command = [str(binaries.envoy()), "--mode", "validate", "-c", str(path), "--log-level", "error"]
        try:
            found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            raise ConfigurationRefused(f"Envoy did not finish its check within {PATIENCE_S} s.") from None
    if found.returncode != 0:
        raise ConfigurationRefused(_reason(found.stderr or found.stdout, folder))


def _reason(output: str, folder: str) -> str:
    """Envoy's message without its log's ornaments and this machine's paths."""
    text = _LOG_PREFIX.sub("", output).replace(f"{folder}/", "").strip()
    text = text.removeprefix("error initializing configuration 'whole.json': ")
    return f"Envoy refuses this configuration: {text[:1500] or 'it gave no reason'}"

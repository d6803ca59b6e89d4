#!/usr/bin/env python3
"""Check an event's proof or a signed account statement offline.

    python verify_proof.py proof.json
    python verify_proof.py statement.json --key 3f2a...  --seals seals.json

Needs Python 3.9 or later and the package `cryptography`; nothing of the platform. Prints one sentence; exit code 0 if the
document proves what it says, 1 if not.

--key    the public key you trust (64 hexadecimal digits, or a file that holds them); without it the document's own key is
         believed, which proves only that nothing was changed since somebody signed it. May be repeated after a rotation.
--seals  a chain of seals you kept (`GET /api/v1/event-sourcing/seals`, several pages may be given): the document's seals must
         be among them, and they must continue one another.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EVENT_FORMAT = "opinion-market event proof 1"
STATEMENT_FORMAT = "opinion-market account statement 1"
# What is not among these is refused: nobody checks it, so nobody should read it as proved.
EVENT_NAMES = [
    "position",
    "stream",
    "version",
    "type",
    "schema_version",
    "at_us",
    "data",
    "metadata",
    "previous_hash",
    "hash",
]
SEAL_NAMES = [
    "number",
    "first",
    "last",
    "events",
    "root",
    "previous_hash",
    "hash",
    "sealed_at_us",
    "key_id",
    "public_key",
    "signature",
]
HEX_DIGITS = set("0123456789abcdef")


class Refused(Exception):
    """The document does not prove what it says; the text tells why."""


def canonical_json(value):
    """Sorted keys, no white space, UTF-8: what the platform hashes and signs."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unhex(text, length, name):
    if not isinstance(text, str) or len(text) != 2 * length or not set(text) <= HEX_DIGITS:
        raise Refused(f"{name} is not {length} bytes in hexadecimal digits")
    return bytes.fromhex(text)


def require_names(document, names, what):
    if set(document) != set(names):
        odd = ", ".join(sorted(set(document) ^ set(names)))
        raise Refused(f"{what} lacks or has too much: {odd}")


def integer(document, name, least=None):
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
        raise Refused(f"{name} is not an integer" + ("" if least is None else f" from {least}"))
    return value


def line_of(document, name):
    """A text that stands on a line of its own in what is hashed."""
    value = document[name]
    if not isinstance(value, str) or "\n" in value:
        raise Refused(f"{name} is not a text of one line")
    return value


def sha256(content):
    return hashlib.sha256(content).digest()


def is_signed(content, signature, public_key):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public_key):
    return hashlib.sha256(public_key).hexdigest()[:16]


def check_event(event):
    """Recompute an event's hash from its canonical form; return the hash."""
    require_names(event, EVENT_NAMES, "the event")
    header = "\n".join(
        [
            line_of(event, "stream"),
            str(integer(event, "version", 1)),
            line_of(event, "type"),
            str(integer(event, "schema_version", 0)),
            str(integer(event, "at_us")),
        ]
    )
    content = b"".join(
        [
            unhex(event["previous_hash"], 32, "previous_hash"),
            header.encode() + b"\n",
            canonical_json(event["data"]) + b"\n",
            canonical_json(event["metadata"]),
        ]
    )
    if sha256(content) != unhex(event["hash"], 32, "hash"):
        raise Refused("the event's contents do not have its hash")
    return sha256(content)


def root_from_path(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        raise Refused("the leaf's index is outside of the seal")
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            raise Refused("the path is too long")
        if index % 2 or index == last:
            node = sha256(b"\x01" + sibling + node)
            while index % 2 == 0 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise Refused("the path is too short")
    return node


def check_seal(seal, trusted):
    """A seal's own hash, signature and key."""
    require_names(seal, SEAL_NAMES, "the seal")
    require_names(seal["first"], ("transaction_id", "position"), "the seal's first key")
    require_names(seal["last"], ("transaction_id", "position"), "the seal's last key")
    public_key = unhex(seal["public_key"], 32, "public_key")
    if seal["key_id"] != key_id(public_key):
        raise Refused(f"seal {seal['number']} names another key than the one given with it")
    if trusted and public_key not in trusted:
        raise Refused(f"seal {seal['number']} is not signed with a key you trust")
    unhex(seal["root"], 32, "root")
    unhex(seal["previous_hash"], 32, "previous_hash")
    lines = [
        "opinion-market seal 1",
        integer(seal, "number", 1),
        integer(seal["first"], "transaction_id"),
        integer(seal["first"], "position"),
        integer(seal["last"], "transaction_id"),
        integer(seal["last"], "position"),
        integer(seal, "events", 1),
        seal["root"],
        seal["previous_hash"],
        integer(seal, "sealed_at_us"),
        seal["key_id"],
    ]
    content = "".join(f"{line}\n" for line in lines).encode()
    if sha256(content) != unhex(seal["hash"], 32, "hash"):
        raise Refused(f"the contents of seal {seal['number']} do not have its hash")
    if not is_signed(content, unhex(seal["signature"], 64, "signature"), public_key):
        raise Refused(f"the signature of seal {seal['number']} is not its key's")


def check_inclusion(event_hash, position, inclusion, seal):
    """That the event at this position with this hash is a leaf of the seal's tree."""
    require_names(inclusion, ("seal", "leaf_index", "path"), "the path")
    if inclusion["seal"] != seal["number"]:
        raise Refused("the path belongs to another seal")
    leaf = sha256(b"\x00" + position.to_bytes(8, "big") + event_hash)
    path = [unhex(node, 32, "a node of the path") for node in inclusion["path"]]
    root = root_from_path(leaf, integer(inclusion, "leaf_index", 0), seal["events"], path)
    if root != unhex(seal["root"], 32, "root"):
        raise Refused(
            f"the path of the event at position {position} does not lead to the root of seal {seal['number']}"
        )


def check_chain(chain, seals, trusted):
    """That the kept seals continue one another, and that these seals are among them."""
    kept = {}
    for seal in chain:
        check_seal(seal, trusted)
        if kept.setdefault(seal["number"], seal) != seal:
            raise Refused(f"there are two different seals {seal['number']} in the chain")
    for number, seal in sorted(kept.items()):
        before = kept.get(number - 1)
        if before is not None and seal["previous_hash"] != before["hash"]:
            raise Refused(f"seal {number} of the chain does not continue seal {number - 1}")
        if before is None and number != min(kept):
            raise Refused(f"seal {number - 1} is missing in the chain")
        if number == 1 and seal["previous_hash"] != "00" * 32:
            raise Refused("the first seal of the chain continues another")
    for seal in seals:
        if kept.get(seal["number"]) != seal:
            raise Refused(f"seal {seal['number']} is not the one in the chain")


def check_event_proof(document, chain, trusted):
    require_names(document, ("format", "event", "inclusion", "seal"), "the document")
    event, seal = document["event"], document["seal"]
    position = integer(event, "position", 0)
    event_hash = check_event(event)
    check_seal(seal, trusted)
    check_inclusion(event_hash, position, document["inclusion"], seal)
    if chain is not None:
        check_chain(chain, [seal], trusted)
    return (
        f"Proved: {event['type']}, version {event['version']} of {event['stream']}, is event {position} under seal "
        f"{seal['number']}" + signed_by(trusted, chain) + "."
    )


def check_statement(document, chain, trusted):
    signature = unhex(document.get("signature"), 64, "signature")
    public_key = unhex(document["public_key"], 32, "public_key")
    if document["key_id"] != key_id(public_key):
        raise Refused("the statement names another key than the one given with it")
    if trusted and public_key not in trusted:
        raise Refused("the statement is not signed with a key you trust")
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    if not is_signed(b"opinion-market statement 1\n" + canonical_json(unsigned), signature, public_key):
        raise Refused("the statement's signature does not fit its contents")
    seals = {}
    for seal in document["seals"]:
        check_seal(seal, trusted)
        if seals.setdefault(seal["number"], seal) != seal:
            raise Refused(f"there are two different seals {seal['number']}")
    if chain is not None:
        check_chain(chain, list(seals.values()), trusted)
    lines, sealed = 0, 0
    for account in document["accounts"]:
        check_arithmetic(account)
        for group in lines_by_event(account["lines"]):
            sealed += len(group) if check_lines(account, group, seals) else 0
            lines += len(group)
    open_lines = lines - sealed
    return (
        f"Proved: a statement of {lines} lines that add up, {sealed} of them under seals"
        + (f" and {open_lines} not sealed yet" if open_lines else "")
        + signed_by(trusted, chain)
        + "."
    )


def check_arithmetic(account):
    """Opening balance + lines = closing balance, and the balance after each line."""
    balance = integer(account, "opening_balance")
    for line in account["lines"]:
        balance += integer(line, "units")
        if balance != integer(line, "balance_after"):
            raise Refused(f"the balance after entry {line['id']} is not the one before it plus its units")
    if balance != integer(account, "closing_balance"):
        raise Refused(f"the lines of account {account['account']} do not lead to its closing balance")


def lines_by_event(lines):
    groups = {}
    for line in lines:
        groups.setdefault(integer(line, "event_position", 0), []).append(line)
    return groups.values()


def check_lines(account, lines, seals):
    """The lines of one event: its hash, what it says of the account if it is shown, its seal. True if it is sealed."""
    event_hash, inclusion, event = lines[0]["event_hash"], lines[0]["inclusion"], lines[0].get("event")
    position = lines[0]["event_position"]
    for line in lines[1:]:
        if (line["event_hash"], line["inclusion"], line.get("event")) != (event_hash, inclusion, event):
            raise Refused(f"the lines of event {position} contradict one another")
    if event is not None:
        if event["hash"] != event_hash or event["position"] != position:
            raise Refused(f"the event shown with entry {lines[0]['id']} is not the one it names")
        check_event(event)
        moved = sum(delta for owner, delta, _ in event["data"]["cash"] if owner == account["account"])
        if moved != sum(line["units"] for line in lines):
            raise Refused(f"event {position} does not move what its lines say")
    if inclusion is None:
        return False
    if inclusion["seal"] not in seals:
        raise Refused(f"seal {inclusion['seal']} is not in the statement")
    check_inclusion(unhex(event_hash, 32, "event_hash"), position, inclusion, seals[inclusion["seal"]])
    return True


def signed_by(trusted, chain):
    return (", signed with a key you trust" if trusted else ", signed with the key that came with it") + (
        ", within the chain of seals you kept" if chain is not None else ""
    )


def trusted_keys(given):
    keys = set()
    for each in given:
        text = Path(each).read_text().strip() if Path(each).is_file() else each
        keys.add(unhex(text.lower(), 32, "the key you trust"))
    return keys


def seals_in(paths):
    if not paths:
        return None
    found = []
    for path in paths:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        found += content["results"] if isinstance(content, dict) else content
    return found


def verify(arguments):
    """The sentence to print. Raises Refused."""
    trusted, chain = trusted_keys(arguments.key), seals_in(arguments.seals)
    document = json.loads(Path(arguments.document).read_text(encoding="utf-8"))
    if document["format"] == EVENT_FORMAT:
        return check_event_proof(document, chain, trusted)
    if document["format"] == STATEMENT_FORMAT:
        return check_statement(document, chain, trusted)
    raise Refused("it is neither an event's proof nor an account statement")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", help="the proof or statement, as downloaded")
    parser.add_argument("--key", action="append", default=[], help="a public key you trust, or a file that holds it")
    parser.add_argument("--seals", action="append", default=[], help="a file with seals you kept")
    try:
        print(verify(parser.parse_args()))
    except Refused as refused:
        print(f"Not proved: {refused}.")
        return 1
    except (OSError, ValueError) as error:
        print(f"Not proved: a file cannot be read ({error}).")
        return 1
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        print(f"Not proved: the document lacks its shape ({type(error).__name__}: {error}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

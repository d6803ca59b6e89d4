"""A service to be called, as a process of its own: python -m tests.mesh.upstream NAME PORT.

Answers every request with its name. `/status/503` answers that status, `/slow/250` after that many milliseconds, `/fail` closes
the connection; `/most` tells how many requests it ever had in hand at once, `/headers` what headers it was sent.
"""

import asyncio
import json
import sys
from collections.abc import Sequence


class Upstream:
    def __init__(self, name: str) -> None:
        self.name = name
        self.in_hand = 0
        self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.split("\r\n")
        path = lines[0].split(" ")[1].partition("?")[0]
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        if length := int(headers.get("content-length", 0)):
            await reader.readexactly(length)
        self.in_hand += 1
        self.most = max(self.most, self.in_hand)
        try:
            status, body = await self._decide(path, headers)
        finally:
            self.in_hand -= 1
        if status == 0:
            writer.close()
            return
        writer.write(
            f"HTTP/1.1 {status} X\r\nx-upstream: {self.name}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
        await writer.drain()

    async def _decide(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        kind, _, argument = path.strip("/").partition("/")
        if kind == "status":
            return int(argument), ""
        if kind == "slow":
            await asyncio.sleep(int(argument) / 1000)
        if kind == "fail":
            return 0, ""
        if kind == "most":
            return 200, str(self.most)
        if kind == "headers":
            return 200, json.dumps(headers)
        return 200, self.name


async def main(arguments: Sequence[str]) -> None:
    name, port = arguments
    server = await asyncio.start_server(Upstream(name).serve, "127.0.0.1", int(port), backlog=1024)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

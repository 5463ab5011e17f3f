"""What stands between an importer and the sandbox: a proxy that writes down every update and what became of it, and
the sandbox itself, which may be killed and started again."""

import asyncio
import json
import os
import re
import subprocess
import threading
import time
import urllib.request

ORDER = re.compile(r"^PATCH \S*/companies/([^/]+)/assessmentOrders/([^/ ]+) ")


class Exchange:
    """One update: when it came, and whether its answer got back to the importer."""

    def __init__(self, order, body, run):
        self.order, self.body, self.run = order, body, run
        self.came = time.monotonic()
        self.status, self.answered, self.relayed = None, None, False

    def is_acknowledged(self):
        return self.relayed and self.status is not None and 200 <= self.status < 300


class Proxy:
    """Listens for importers; where the sandbox is down, it does not, so that connecting fails as it would there."""

    def __init__(self):
        self.log, self.run, self.upstream, self.port, self.server = [], 0, None, 0, None
        self.serving = set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.listen()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def listen(self):
        async def begin():
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
            self.port = self.server.sockets[0].getsockname()[1]

        self._do(begin())

    def deafen(self):
        async def end():
            self.server.close()

        self._do(end())

    async def _serve(self, reader, writer):
        other = None
        # A task that nobody holds may be gone before its end.
        self.serving.add(asyncio.current_task())
        try:
            upstream, other = await asyncio.open_connection("127.0.0.1", self.upstream)
            while await self._exchange(reader, writer, upstream, other):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.serving.discard(asyncio.current_task())
            for stream in (writer, other):
                if stream is not None:
                    stream.close()

    async def _exchange(self, reader, writer, upstream, other):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await _body(head, reader)
        found = ORDER.match(head.decode("latin-1"))
        exchange = None
        if found:
            exchange = Exchange(found.groups(), json.loads(body), self.run)
            self.log.append(exchange)
        other.write(head + body)
        await other.drain()
        answer = await upstream.readuntil(b"\r\n\r\n")
        said = await _body(answer, upstream)
        status = int(answer.split(b" ", 2)[1])
        gone = reader.at_eof() or writer.is_closing()
        writer.write(answer + said)
        await writer.drain()
        if exchange is not None:
            exchange.status, exchange.answered = status, time.monotonic()
            exchange.relayed = not gone
        return True


async def _body(head, stream):
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return await stream.readexactly(int(length[1])) if length else b""


class Sandbox:
    """`scoreload sandbox`, behind the proxy."""

    def __init__(self, program, proxy, options, env, log):
        self.program, self.proxy, self.options, self.env, self.log = program, proxy, options, env, log
        self.starts = 0
        self.process = None
        self.start()

    def start(self):
        command = [self.program, "sandbox", "--listen", "127.0.0.1:0", *self.options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=open(self.log, "a"), env=self.env, text=True
        )
        address = self.process.stdout.readline()
        self.proxy.upstream = int(re.search(r":(\d+)", address.split("//")[1])[1])
        if self.starts:
            self.proxy.listen()
        self.starts += 1

    def kill(self):
        """Ends it at once: it forgets everything."""
        self.proxy.deafen()
        self.end()

    def end(self):
        os.kill(self.process.pid, 9)
        self.process.wait()
        self.process.stdout.close()

    def orders(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.proxy.upstream}/sandbox/orders", timeout=60) as answer:
            orders = json.load(answer)
        return {(order["company_id"], order["order_id"]): order["order"] for order in orders}

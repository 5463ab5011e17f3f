"""Sends bodies with aiohttp: one token, one session, a fixed number of concurrent requests."""

import asyncio
import json
import sys

import aiohttp

base, source, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def worker(session, lines):
    for line in lines:
        order = json.loads(line)
        path = f"companies/{order['companyId']}/assessmentOrders/{order['orderId']}"
        url = f"{base}/apiHub/performanceManagement/v1/{path}"
        async with session.patch(url, json=order["body"]) as response:
            response.raise_for_status()


async def main():
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": "bench"}
        async with session.post(f"{base}/public/security/v1/token", data=form) as response:
            token = (await response.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        with open(source, encoding="utf-8") as lines:
            await asyncio.gather(*(worker(session, lines) for _ in range(at_once)))


asyncio.run(main())

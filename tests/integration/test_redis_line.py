"""The shared connection for scripts: quick where it stands, and never the reason why something fails."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis as Client

from app.repo.redis_line import RedisLine, line_to
from app.utils.redis import Cache

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

ECHO = "return ARGV[1]"
KEEP = "redis.call('SET', KEYS[1], ARGV[1])"
FETCH = "return redis.call('GET', KEYS[1])"


def words(keys: tuple[str, ...], arg: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return keys, (arg,)


@pytest.fixture
async def line(redis: Redis) -> AsyncIterator[RedisLine]:
    found = line_to(redis)
    if found is None:
        pytest.skip("Redis is in this process, without a wire")
    yield found
    found.close()


@pytest.fixture
def quick(redis: Redis, line: RedisLine) -> Cache:
    return Cache(redis, line)


async def test_many_at_once_each_get_their_own_answer(quick: Cache) -> None:
    echo = quick.script(ECHO)
    answers = await asyncio.gather(*(quick.run(echo, (), (str(number),)) for number in range(300)))
    assert answers == [str(number) for number in range(300)]


async def test_who_gives_up_waiting_takes_no_answer_from_another(quick: Cache) -> None:
    echo = quick.script(ECHO)
    assert await quick.run(echo, (), ("open",)) == "open"
    waiting = asyncio.gather(quick.run(echo, (), ("lost",)))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await quick.run(echo, (), ("next",)) == "next"


async def test_what_is_posted_is_done_before_what_is_run_after_it(quick: Cache) -> None:
    keep, fetch = quick.script(KEEP), quick.script(FETCH)
    for value in ("first, which opens the line", "second, over the open line"):
        await quick.post(keep, partial(words, ("key",), value))
        assert await quick.run(fetch, ("key",), ()) == value


async def test_a_posted_script_goes_out_by_itself(quick: Cache, redis: Redis) -> None:
    echo, keep = quick.script(ECHO), quick.script("redis.call('PUBLISH', 'kept', ARGV[1])")
    await quick.run(echo, (), ("open",))
    async with redis.pubsub() as listener:
        await listener.subscribe("kept")
        await quick.post(keep, partial(words, (), "value"))
        async with asyncio.timeout(10):
            async for message in listener.listen():
                if message["type"] == "message":
                    break
    assert message["data"] == "value"


async def test_a_redis_that_forgot_the_script_is_taught_again(quick: Cache, redis: Redis) -> None:
    echo = quick.script(ECHO)
    await quick.run(echo, (), ("before",))
    await redis.script_flush()
    assert await quick.run(echo, (), ("after",)) == "after"


async def test_a_cut_line_costs_no_answer(quick: Cache, redis: Redis) -> None:
    echo = quick.script(ECHO)
    await quick.run(echo, (), ("before",))
    await redis.client_kill_filter(skipme=True)
    answers = await asyncio.gather(*(quick.run(echo, (), (str(number),)) for number in range(5)))
    assert answers == [str(number) for number in range(5)]


async def test_a_silent_redis_reads_as_a_miss() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    client = Client(port=server.sockets[0].getsockname()[1])
    cache = Cache(client, line_to(client))
    assert await cache.run(cache.script(ECHO), (), ("",)) is None
    cache.close()
    await client.aclose()
    server.close()

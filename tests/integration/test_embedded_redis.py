"""Which Redis is opened, and that a private one ends with its owner."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from app.embedded.redis import RedisUnavailable, open_redis

needs_server = pytest.mark.skipif(
    not (shutil.which("redis-server") or shutil.which("valkey-server")), reason="no Redis on the PATH"
)


async def test_a_given_address_that_does_not_answer_is_an_error_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(RedisUnavailable) as refused:
        await open_redis("redis://shop:s3cret@127.0.0.1:1/2", tmp_path)
    assert "redis://127.0.0.1:1/2" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "redis://:s3cret/tail@127.0.0.1"])
async def test_a_given_text_that_is_no_address_is_an_error_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(RedisUnavailable) as refused:
        await open_redis(url, tmp_path)
    assert "s3cret" not in str(refused.value)


@needs_server
@pytest.mark.parametrize("folder", ["short", "a path with spaces", "long" * 40])
async def test_a_private_server_answers_and_leaves_nothing_behind(folder: str, tmp_path: Path) -> None:
    home = tmp_path / folder
    opened = await open_redis(None, home, prefer_default=False)
    assert opened.kind.startswith("private")
    path = Path(opened.client.connection_pool.connection_kwargs["path"])
    await opened.client.set("key", "ключ", ex=60)
    assert await opened.client.get("key") == "ключ"
    assert path.name in os.listdir(path.parent)

    await opened.close()
    assert path.name not in os.listdir(path.parent)


@needs_server
async def test_two_owners_of_one_home_have_a_server_each(tmp_path: Path) -> None:
    first = await open_redis(None, tmp_path, prefer_default=False)
    second = await open_redis(None, tmp_path, prefer_default=False)
    await first.client.set("mine", "1")
    assert await second.client.get("mine") is None
    await second.close()
    assert await first.client.get("mine") == "1"
    await first.close()


@needs_server
async def test_a_given_address_that_answers_is_used(tmp_path: Path) -> None:
    private = await open_redis(None, tmp_path, prefer_default=False)
    path = private.client.connection_pool.connection_kwargs["path"]
    given = await open_redis(f"unix://{path}", tmp_path)
    await given.client.set("from", "outside")
    assert await private.client.get("from") == "outside"
    await given.close()
    await private.close()


async def test_without_any_server_the_process_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    opened = await open_redis(None, tmp_path, prefer_default=False)
    assert opened.kind == "in this process"
    assert await opened.client.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, "n", 3) == 3
    assert await opened.client.get("n") == "3"
    await opened.close()


async def test_a_program_that_is_no_server_falls_back_to_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    opened = await open_redis(None, tmp_path / "home", prefer_default=False)
    assert opened.kind == "in this process"
    await opened.close()


@needs_server
async def test_many_commands_at_once_wait_for_a_connection(tmp_path: Path) -> None:
    opened = await open_redis(None, tmp_path, prefer_default=False)
    await asyncio.gather(*(opened.client.incr("count") for _ in range(300)))
    assert await opened.client.get("count") == "300"
    await opened.close()

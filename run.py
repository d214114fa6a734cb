"""Entry point of the bot: enters the project's environment, makes sure there is one bot, serves until a signal."""

import asyncio
import os
import sys
from pathlib import Path

from bot_manager import Place, enter_environment, hold_lock

ROOT = Path(__file__).resolve().parent
if __name__ == "__main__":
    enter_environment(ROOT)

# These live in the environment entered above.
from app import failpoints  # noqa: E402
from app.embedded.postgres import EmbeddedPostgresError  # noqa: E402
from app.embedded.redis import RedisUnavailable  # noqa: E402
from app.main import serve  # noqa: E402
from app.readiness import Readiness, StartFailed  # noqa: E402
from app.stores import DatabaseDoesNotAnswer  # noqa: E402
from app.web.webhook import WebhookNotPossible  # noqa: E402
from config import SettingsError, load_settings  # noqa: E402

EXIT_FAILED, EXIT_SETTINGS = 1, 2
# Each says in words, and without a secret, why customers can't be served.
REASONS = (StartFailed, DatabaseDoesNotAnswer, EmbeddedPostgresError, RedisUnavailable, WebhookNotPossible)


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 when another bot runs here or it can't serve, 2 when the settings are wrong."""
    readiness = Readiness.from_environment()
    try:
        settings = load_settings()
    except SettingsError as error:
        return _fail(readiness, str(error), EXIT_SETTINGS)
    # Without the variable nothing is armed, and with it the settings are those of a test.
    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    place = Place(ROOT, Path(settings.data_dir))
    try:
        lock = hold_lock(place)
    except OSError as error:
        return _fail(readiness, f"DATA_DIR can't be used: {error}", EXIT_FAILED)
    if lock is None:
        return _fail(readiness, f"a bot already runs here (process {place.pid() or 'unknown'})", EXIT_FAILED)
    with lock:
        try:
            asyncio.run(serve(settings, ready=readiness))
        except REASONS as problem:
            return _fail(readiness, str(problem), EXIT_FAILED)
        finally:
            place.pid_file.unlink(missing_ok=True)
    return 0


def _fail(readiness: Readiness, reason: str, code: int) -> int:
    print(reason, file=sys.stderr)
    readiness.error(reason)
    return code


if __name__ == "__main__":
    sys.exit(main())

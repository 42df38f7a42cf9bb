"""GET /api/executions/{id}/stream: a run's log as server-sent events, live and from any point on."""

from functools import partial

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ohmyagent.chat.answers import after_of, headers_of, id_of
from ohmyagent.chat.entrance import Platform, visitor
from ohmyagent.chat.following import Follower
from ohmyagent.chat.running import Run
from ohmyagent.use_cases import running

log = structlog.get_logger()


class ExecutionStreams:
    """The route; `run` makes the calls to the store."""

    def __init__(self, platform: Platform, run: Run) -> None:
        self._platform = platform
        self._run = run

    async def stream(self, request: Request) -> Response:
        id, after = id_of(request), after_of(request)
        guest = await visitor(self._platform, self._run, request)
        store = self._platform.store
        await self._run(partial(running.find, store, guest.user, id))
        follower = Follower(store, id, guest.still, self._run)
        log.info("stream", route="/api/executions/{id}/stream", execution=id, after=after)
        frames = follower.frames(after)
        return StreamingResponse(frames, media_type="text/event-stream", headers=headers_of(request))

"""The main job in gcp mode: real functions, real client libraries, the real runner and CLI, a scripted model."""

import pytest

from tests.gcp.cloud import Cloud
from tests.scripted import bash, script

pytestmark = [pytest.mark.emulator, pytest.mark.sandbox]


def test_an_agent_writes_a_report_that_can_be_fetched(cloud: Cloud) -> None:
    steps = (bash("mkdir -p output && echo '# 보고' > output/report.md; echo 1 > memo.txt"), {"text": "썼습니다."})
    agent = cloud.agent(finalPrompt=script(*steps, **{"in": 1000, "out": 50}))
    with cloud.counted() as found:
        ended = cloud.until(cloud.request(agent)["id"])
    print({name: dict(counts) for name, counts in found.items() if counts})
    print({name: dict(counter.written) for name, counter in cloud.counters.items() if counter.written})
    assert (ended["status"], ended["result"]) == ("succeeded", "썼습니다."), ended
    assert ended["tokenUsage"] == {"input": 2000, "output": 100, "cacheRead": 0, "cacheWrite": 0}
    assert [file["path"] for file in ended["artifacts"]] == ["report.md"]

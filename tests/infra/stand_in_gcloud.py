#!/usr/bin/env python3
"""A gcloud that keeps services, jobs and request logs in a JSON file, and notes what it was asked.  For tests only."""

import json
import os
import sys
from pathlib import Path

PLACE = Path(os.environ["STAND_IN"])


def option(words: list[str], name: str) -> str | None:
    return words[words.index(name) + 1] if name in words else None


def update_traffic(service: dict, words: list[str]) -> None:
    status = service["status"]
    tags = [part for part in status["traffic"] if "tag" in part]
    if split := option(words, "--to-revisions"):
        pairs = (part.split("=") for part in split.split(","))
        parts = [{"revisionName": name, "percent": int(percent)} for name, percent in pairs]
        assert sum(part["percent"] for part in parts) == 100
        status["traffic"] = parts + tags
    if "--to-latest" in words:
        latest = status["latestReadyRevisionName"]
        status["traffic"] = [{"revisionName": latest, "percent": 100, "latestRevision": True}, *tags]
    if "--clear-tags" in words:
        status["traffic"] = [part for part in status["traffic"] if "tag" not in part]
    if tag := option(words, "--update-tags"):
        name, _, revision = tag.partition("=")
        status["traffic"].append({"revisionName": revision, "tag": name, "url": service["candidate"]})


def main(words: list[str]) -> int:
    state = json.loads(PLACE.read_text())
    state["calls"].append(words)
    if state.get("refuses") and state["refuses"] in " ".join(words):
        PLACE.write_text(json.dumps(state))
        return 1
    if words[0] == "run" and words[2] == "list":
        name = (option(words, "--filter") or "").rpartition("=")[2]
        found = state[words[1]].get(name)
        print(json.dumps([found] if found else []))
    elif words[:3] == ["run", "services", "update-traffic"]:
        update_traffic(state["services"][words[3]], words)
    elif words[:3] == ["run", "jobs", "update"]:
        template = state["jobs"][words[3]]["spec"]["template"]["spec"]["template"]
        template["spec"]["containers"][0]["image"] = option(words, "--image")
    elif words[:2] == ["logging", "read"]:
        print("\n".join(str(status) for name, status in state["requests"] if f'"{name}"' in words[2]))
    elif words[:3] != ["pubsub", "subscriptions", "update"]:
        print(f"the stand-in knows no {words}", file=sys.stderr)
        return 2
    PLACE.write_text(json.dumps(state))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Moves traffic to what was just deployed, a little at first, and back when it fails.  Standard library and gcloud.

rollout.py hold         before `terraform apply`: traffic stays on what serves now, whatever is deployed
rollout.py release      afterwards: smoke test, some of the traffic for some minutes, then all; or everything back
rollout.py dead-letters ties the subscriptions that Eventarc made to the topic for dead letters
rollout.py smoke URL    only the smoke test, of a site
"""

import argparse
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

TAG = "candidate"


class Failed(Exception):
    """What was deployed must not serve."""


class Cloud:
    """gcloud for one project and region."""

    def __init__(self, project, region):
        self._where = ["--project", project, "--region", region, "--quiet"]
        self._project = project

    def _run(self, *words):
        return subprocess.run(["gcloud", *words], check=True, stdout=subprocess.PIPE, text=True).stdout

    def described(self, kind, name):
        """The service or job as it is; None when there is none yet."""
        words = ["run", kind, "list", *self._where, "--filter", f"metadata.name={name}", "--format", "json"]
        return next(iter(json.loads(self._run(*words) or "[]")), None)

    def serve(self, service, *changes):
        self._run("run", "services", "update-traffic", service, *self._where, *changes)

    def run_image(self, job, image):
        self._run("run", "jobs", "update", job, "--image", image, *self._where)

    def statuses(self, revisions, since):
        """The status of every request that these revisions answered since then (RFC 3339)."""
        names = " OR ".join(f'"{revision}"' for revision in revisions)
        chosen = f'resource.type="cloud_run_revision" AND resource.labels.revision_name=({names})'
        chosen += f' AND log_id("run.googleapis.com/requests") AND timestamp>="{since}"'
        words = ["logging", "read", chosen, "--project", self._project, "--format", "value(httpRequest.status)"]
        return [int(status) for status in self._run(*words, "--limit", "100000").split()]

    def dead_letters(self, subscription, topic):
        words = ["pubsub", "subscriptions", "update", subscription, "--project", self._project, "--quiet"]
        self._run(*words, "--dead-letter-topic", topic, "--max-delivery-attempts", "20")


def hold(cloud, services, job, state):
    """Traffic to what serves most of it now, by name; `state` remembers that, and the job's image."""
    held = {"services": {}, "job": {}}
    for service in services:
        now = serving(cloud.described("services", service))
        if now is not None:
            cloud.serve(service, "--to-revisions", f"{now}=100")
            held["services"][service] = now
    found = cloud.described("jobs", job)
    if found is not None:
        held["job"][job] = found["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]["image"]
    state.write_text(json.dumps(held))
    print(f"held: {len(held['services'])} of {len(services)} services")


def serving(described):
    """The revision that most traffic goes to; None where there is none."""
    traffic = ((described or {}).get("status") or {}).get("traffic") or []
    best = max(traffic, key=lambda part: part.get("percent") or 0, default={})
    return best.get("revisionName") if best.get("percent") else None


def release(cloud, services, state, plan):
    """All traffic to what is new, if it stands the tests; else everything as it was, and Failed."""
    held = json.loads(state.read_text())
    try:
        fresh = candidates(cloud, services, held["services"])
        for service in fresh:
            smoke_revision(cloud, service, plan.smoke_services)
        if plan.site:
            smoke(plan.site)
        canary(cloud, fresh, held["services"], plan)
    except (Failed, subprocess.CalledProcessError) as failure:
        restore(cloud, held)
        raise Failed(f"{failure}; the old revisions serve again") from failure
    for service in services:
        cloud.serve(service, "--to-latest", "--clear-tags")
    print("released: all traffic goes to what is new")


def candidates(cloud, services, held):
    """The new revision of each service that has one; raises Failed where it did not become ready."""
    fresh = {}
    for service in services:
        status = (cloud.described("services", service) or {}).get("status") or {}
        ready, made = status.get("latestReadyRevisionName"), status.get("latestCreatedRevisionName")
        if ready is None or ready != made:
            raise Failed(f"{service}: the revision {made} is not ready")
        if ready != held.get(service):
            fresh[service] = ready
            cloud.serve(service, "--update-tags", f"{TAG}={ready}")
    print(f"new: {', '.join(sorted(fresh)) or 'nothing'}")
    return fresh


def smoke_revision(cloud, service, reachable):
    """The new revision by its own address, before it has traffic; what only Google reaches is left to the canary."""
    if service not in reachable:
        return
    traffic = cloud.described("services", service)["status"]["traffic"]
    url = next(part["url"] for part in traffic if part.get("tag") == TAG)
    expect(f"{url}/health", 200)


def smoke(site):
    """The site as people see it: the page, its settings, the store, and that strangers are kept out."""
    expect(f"{site}/", 200)
    expect(f"{site}/health", 200)
    expect(f"{site}/config.json", 200)
    expect(f"{site}/api/agents", 401)
    print(f"smoke test: {site} is well")


def expect(url, status, attempts=5):
    """Raises Failed unless the address answers so, soon."""
    found = None
    for attempt in range(attempts):
        time.sleep(min(attempt, 2))
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - https, or a test's own server
                found = answer.status
        except urllib.error.HTTPError as error:
            found = error.code
        except OSError as error:
            found = type(error).__name__
        if found == status:
            return
    raise Failed(f"smoke test: {url} answers {found}, not {status}")


def canary(cloud, fresh, held, plan):
    """Some of the traffic for some minutes; raises Failed as soon as too many answers are 5xx."""
    beside = {service: revision for service, revision in fresh.items() if service in held}
    if not beside:
        return
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for service, revision in beside.items():
        split = f"{held[service]}={100 - plan.percent},{revision}={plan.percent}"
        cloud.serve(service, "--to-revisions", split)
    end = time.monotonic() + plan.minutes * 60
    while True:
        time.sleep(max(0.0, min(plan.every, end - time.monotonic())))
        statuses = cloud.statuses(sorted(beside.values()), since)
        faults = sum(status >= 500 for status in statuses)
        print(f"canary: {len(statuses)} requests, {faults} faults", flush=True)
        if faults > plan.most * len(statuses):
            raise Failed(f"canary: {faults} of {len(statuses)} requests failed")
        if time.monotonic() >= end:
            return


def restore(cloud, held):
    for service, revision in held["services"].items():
        cloud.serve(service, "--to-revisions", f"{revision}=100", "--clear-tags")
    for job, image in held["job"].items():
        cloud.run_image(job, image)


def main(words=None):
    options = parsed(words)
    if options.what == "smoke":
        return smoke(options.site)
    outputs = json.loads(options.outputs.read_text()) if options.outputs.exists() else {}
    cloud = Cloud(options.project, options.region)
    if options.what == "dead-letters":
        for subscription in outputs["event_subscriptions"]["value"]:
            cloud.dead_letters(subscription, outputs["dead_letter_topic"]["value"])
        return None
    if options.what == "hold":
        return hold(cloud, options.services, options.job, options.state)
    return release(cloud, options.services, options.state, options)


def parsed(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("hold", "release", "dead-letters", "smoke"))
    parser.add_argument("site", nargs="?", default="")
    parser.add_argument("--project", default="")
    parser.add_argument("--region", default="asia-northeast3")
    parser.add_argument("--services", type=lambda text: text.split(","), default=[], help="names, by comma")
    parser.add_argument("--smoke-services", type=lambda text: text.split(","), default=[], help="reachable ones")
    parser.add_argument("--job", default="agent-runner")
    parser.add_argument("--state", type=Path, default=Path("held.json"))
    parser.add_argument("--outputs", type=Path, default=Path("outputs.json"), help="of terraform output -json")
    parser.add_argument("--percent", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two looks")
    parser.add_argument("--most", type=float, default=0.01, help="the share of 5xx that is borne")
    return parser.parse_args(words)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(str(failed))

"""Writes firebase.json as it is deployed: the region of this project, and the stream's address in the page's policy.

hosting.py --region REGION --stream https://stream.example.com --output firebase.deployed.json
"""

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def deployed(hosting, region, stream):
    """The settings with every rewrite in `region`, and connections to `stream` allowed (https and wss)."""
    for rewrite in hosting["hosting"]["rewrites"]:
        if "run" in rewrite:
            rewrite["run"]["region"] = region
    wide = f"connect-src 'self' {stream} {stream.replace('https://', 'wss://', 1)}"
    policies = [
        header
        for rule in hosting["hosting"]["headers"]
        for header in rule["headers"]
        if header["key"] == "Content-Security-Policy"
    ]
    for header in policies:
        if "connect-src 'self'" not in header["value"]:
            raise SystemExit("firebase.json: the policy has no connect-src 'self' to widen")
        header["value"] = header["value"].replace("connect-src 'self'", wide)
    return hosting


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--region", required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    hosting = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))
    made = deployed(hosting, options.region, options.stream)
    options.output.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes firebase.json as it is deployed: the region of this project, and the stream's address in the page's policy.

hosting.py --region REGION --stream https://stream.example.com [--google] --output firebase.deployed.json

With --google, the page may have Google's button (the same as `with_google_button` in ohmyagent/http/policy.py does).
"""

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


GOOGLE_BUTTON = {
    "script-src 'self'": "script-src 'self' https://accounts.google.com/gsi/client",
    "style-src 'self'": "style-src 'self' https://accounts.google.com/gsi/style",
    "connect-src 'self'": "connect-src 'self' https://accounts.google.com/gsi/",
    "trusted-types dompurify": "trusted-types *; frame-src https://accounts.google.com/gsi/",
}


def with_google_button(name, value):
    if name == "Cross-Origin-Opener-Policy":
        return "same-origin-allow-popups"
    for narrow, wide in GOOGLE_BUTTON.items() if name == "Content-Security-Policy" else ():
        value = value.replace(narrow, wide)
    return value


def deployed(hosting, region, stream, google=False):
    """The settings with every rewrite in `region`, connections to `stream` allowed (https and wss), Google's button."""
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
    for rule in hosting["hosting"]["headers"] if google else ():
        for header in rule["headers"]:
            header["value"] = with_google_button(header["key"], header["value"])
    return hosting


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--region", required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--google", action="store_true")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    hosting = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))
    made = deployed(hosting, options.region, options.stream, options.google)
    options.output.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

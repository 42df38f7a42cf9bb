"""The map of what runs on Google Cloud, and what the code says about the same."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def declared() -> dict[str, Any]:
    text = (ROOT / "infra" / "terraform" / "deployables.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def processes() -> dict[str, dict[str, Any]]:
    """Functions and services, with the defaults where they say nothing."""
    found = declared()
    return {
        name: found["defaults"] | {"kind": kind.removesuffix("s")} | process
        for kind in ("functions", "services")
        for name, process in found[kind].items()
    }


def targets() -> dict[str, str]:
    """The functions of functions/main.py, each with its signature."""
    tree = ast.parse((ROOT / "functions" / "main.py").read_text(encoding="utf-8"))
    signatures = {"http": "http", "cloud_event": "cloudevent"}
    return {
        node.name: signatures[decorator.attr]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Attribute) and decorator.attr in signatures
    }


def rewritten() -> set[str]:
    """The services that firebase.json leads to."""
    hosting = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))["hosting"]
    return {rewrite["run"]["serviceId"] for rewrite in hosting["rewrites"] if "run" in rewrite}


def led() -> dict[str, str]:
    """The paths of firebase.json as a load balancer writes them, each with where it leads: the first that fits."""
    hosting = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))["hosting"]
    found: dict[str, str] = {}
    for rewrite in hosting["rewrites"]:
        if "run" in rewrite:
            source = rewrite["source"]
            head = source.removesuffix("{,/**}").removesuffix("/**")
            assert not set("*{") & set(head), "a pattern that no load balancer has"
            endings = ("",) if head == source else ("/*",) if source == f"{head}/**" else ("", "/*")
            for ending in endings:
                found.setdefault(head + ending, rewrite["run"]["serviceId"])
    return found


def task_kinds() -> set[str]:
    """The kinds of task that the program makes."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "ohmyagent").rglob("*.py"))
    return {
        node.args[0].value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Task"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }

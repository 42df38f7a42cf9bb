"""What the operator may set, all of it.  Nobody else reads the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ohmyagent.domain.errors import Invalid

if TYPE_CHECKING:  # else `oma --help`, which only asks for the language, would load pydantic
    from ohmyagent.domain.plans import Plans

DEFAULT_PORT = 8080
DEFAULT_REGION = "asia-northeast3"
TARGETS = ("local", "gcp")
GOOGLE_NEEDS = ("GOOGLE_CLOUD_PROJECT", "OMA_PUBLIC_URL", "OMA_SERVICES", "OMA_BUCKET", "OMA_KMS_KEY", "OMA_INVOKER")
KMS_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
EMULATED = ("tasks", "run", "scheduler", "kms", "storage", "certs")
ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9.-]*[a-z0-9]")


Network = IPv4Network | IPv6Network


class BadSettings(Exception):
    """Some settings are missing or wrong; one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Google:
    """Where the platform's parts are on Google Cloud.

    `services` is the address of a service with `{name}` in the place of its name; `invoker` the account that calls the
    internal ones; `service` which one this process is.  `emulators` maps names of Google's services to stand-ins for
    them, for tests.
    """

    project: str
    region: str
    services: str
    bucket: str
    kms_key: str
    invoker: str
    job: str
    tick: str
    service: str = "oma"
    emulators: Mapping[str, str] = field(default_factory=dict)

    def url(self, service: str) -> str:
        return self.services.replace("{name}", service)

    @classmethod
    def from_env(cls, env: Mapping[str, str], wrong: list[str]) -> "Google":
        """Adds to `wrong` everything that is missing or wrong."""
        wrong += [f"{name} is not set; OMA_TARGET=gcp needs it" for name in GOOGLE_NEEDS if not env.get(name)]
        services, key = env.get("OMA_SERVICES", ""), env.get("OMA_KMS_KEY", "")
        if services and "{name}" not in services:
            wrong.append("OMA_SERVICES has no {name}; it is like https://{name}-1234567890.asia-northeast3.run.app")
        if key and not KMS_KEY.fullmatch(key):
            wrong.append("OMA_KMS_KEY is not projects/…/locations/…/keyRings/…/cryptoKeys/…")
        return cls(
            project=env.get("GOOGLE_CLOUD_PROJECT", ""),
            region=env.get("OMA_REGION") or DEFAULT_REGION,
            services=services.rstrip("/"),
            bucket=env.get("OMA_BUCKET", ""),
            kms_key=key,
            invoker=env.get("OMA_INVOKER", ""),
            job=env.get("OMA_JOB") or "agent-runner",
            tick=env.get("OMA_TICK") or "tick",
            service=env.get("K_SERVICE") or env.get("FUNCTION_TARGET") or "oma",
            emulators=_emulators(env, wrong),
        )


@dataclass(frozen=True)
class Settings:
    """See docs/settings.md.  `data` is the folder of the local platform."""

    target: str
    port: int
    data: Path
    public_url: str
    gateway_port: int | None
    sandbox_home: Path | None
    slots: int
    anthropic_api_key: str | None
    anthropic_base_url: str | None
    google_client_id: str | None
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    mail_to: str | None = None
    mail_dkim_selector: str | None = None
    admin_emails: tuple[str, ...] = field(default=(), repr=False)
    plans: "Plans" = field(default_factory=lambda: _plans({}, []))
    google: Google | None = None
    link_key: str | None = field(default=None, repr=False)
    proxies: int = 0
    proxy_networks: tuple[Network, ...] | None = None
    pace: tuple[float, float] = (10.0, 20.0)
    cors_origins: tuple[str, ...] = ()
    google_certs_url: str = "https://www.googleapis.com/oauth2/v1/certs"
    stream_url: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, *, target: str | None = None) -> "Settings":
        """Raises BadSettings with everything that is wrong, at once.  `target` goes before the environment's."""
        env = {**(os.environ if env is None else env), **({"OMA_TARGET": target} if target else {})}
        wrong: list[str] = []
        target = env.get("OMA_TARGET", "local")
        if target not in TARGETS:
            wrong.append(f"OMA_TARGET is {target!r}; it must be {' or '.join(TARGETS)}")
        port = _number(env, "OMA_PORT" if "OMA_PORT" in env else "PORT", DEFAULT_PORT, 0, 65535, wrong)
        wrong += _mail_faults(env.get("SMTP_URL") or None, env.get("MAIL_FROM"))
        found = cls(
            target=target,
            port=port,
            data=Path(env.get("OMA_DATA") or ".oma").absolute(),
            public_url=_address(env, "OMA_PUBLIC_URL") or f"http://127.0.0.1:{port}",
            gateway_port=_number(env, "OMA_GATEWAY_PORT", 0, 0, 65535, wrong) or None,
            sandbox_home=Path(home) if (home := env.get("OMA_SANDBOX_HOME")) else None,
            slots=_number(env, "OMA_SLOTS", 4, 1, 64, wrong),
            anthropic_api_key=env.get("ANTHROPIC_API_KEY") or None,
            anthropic_base_url=_address(env, "ANTHROPIC_BASE_URL"),
            google_client_id=env.get("GOOGLE_CLIENT_ID") or None,
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("MAIL_FROM") or None,
            mail_to=env.get("MAIL_TO") or None,
            mail_dkim_selector=env.get("MAIL_DKIM_SELECTOR") or None,
            admin_emails=_addresses(env, "ADMIN_EMAILS", wrong),
            plans=_plans(env, wrong),
            google=Google.from_env(env, wrong) if target == "gcp" else None,
            link_key=env.get("OMA_LINK_KEY") or None,
            proxies=_number(env, "OMA_PROXIES", 0 if target == "local" else 2, 0, 10, wrong),
            proxy_networks=_networks(env, wrong),
            pace=_pace(env, wrong),
            cors_origins=_origins(env, wrong),
            google_certs_url=env.get("GOOGLE_CERTS_URL") or cls.google_certs_url,
            stream_url=_address(env, "OMA_STREAM_URL"),
        )
        if wrong:
            raise BadSettings(wrong)
        return found


def _address(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name, "").rstrip("/") or None


def _pace(env: Mapping[str, str], wrong: list[str]) -> tuple[float, float]:
    """Requests a second and at once, such as `10/20`."""
    text = env.get("OMA_PACE") or "10/20"
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,5})", text)
    if found is None or not 0 < int(found[1]) <= int(found[2]):
        wrong.append(f"OMA_PACE is {text!r}; it must be requests a second and at once, such as 10/20")
        return 10.0, 20.0
    return float(found[1]), float(found[2])


def _origins(env: Mapping[str, str], wrong: list[str]) -> tuple[str, ...]:
    found = tuple(filter(None, (env.get("OMA_CORS_ORIGINS") or "").replace(",", " ").split()))
    for origin in found:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?", origin):
            wrong.append(f"OMA_CORS_ORIGINS has {origin!r}, which is no origin such as https://page.example.com")
    return found


def _networks(env: Mapping[str, str], wrong: list[str]) -> tuple[Network, ...] | None:
    """A comma list; None without one."""
    try:
        return tuple(map(ip_network, filter(None, env.get("OMA_PROXY_NETWORKS", "").replace(",", " ").split()))) or None
    except ValueError as error:
        wrong.append(f"OMA_PROXY_NETWORKS: {error}; it is a comma list such as 203.0.113.7, 2001:db8::/32")
        return None


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int, wrong: list[str]) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        wrong.append(f"{name} is {text!r}; it must be a number from {least} to {most}")
        return default
    return int(text)


def _emulators(env: Mapping[str, str], wrong: list[str]) -> dict[str, str]:
    """Stand-ins by name, `tasks=127.0.0.1:9001,…`.

    Only beside the Firestore emulator: one of them says whose tokens are believed, and no real data may depend on it.
    """
    text = env.get("OMA_EMULATORS", "")
    if text and not env.get("FIRESTORE_EMULATOR_HOST"):
        wrong.append("OMA_EMULATORS is for tests; it needs FIRESTORE_EMULATOR_HOST")
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if any(name not in EMULATED or not address for name, _, address in pairs):
        wrong.append(f"OMA_EMULATORS is not a comma list of name=address with the names {', '.join(EMULATED)}")
    return {name: address for name, _, address in pairs}


def _addresses(env: Mapping[str, str], name: str, wrong: list[str]) -> tuple[str, ...]:
    """A comma list in lower case, each once.  What is wrong is not repeated: it may be a person's address."""
    found = dict.fromkeys(filter(None, (part.strip().lower() for part in env.get(name, "").split(","))))
    if not all(ADDRESS.fullmatch(one) for one in found):
        wrong.append(f"{name} has something that is no address; it is a comma list such as ops@example.com")
    return tuple(found)


def _plans(env: Mapping[str, str], wrong: list[str]) -> "Plans":
    """The built-in table, with what the operator's file changes."""
    from ohmyagent.domain.plans import Plans

    path = env.get("OMA_PLANS")
    try:
        return Plans.parse(Path(path).read_text(encoding="utf-8")) if path else Plans.built_in()
    except Invalid as invalid:
        wrong += [f"OMA_PLANS: {error.field} {error.message}" for error in invalid.errors]
    except (OSError, UnicodeDecodeError):
        wrong.append(f"OMA_PLANS is {path!r}, which cannot be read")
    return Plans.built_in()


def _mail_faults(smtp_url: str | None, mail_from: str | None) -> list[str]:
    """What is wrong with the mail server's address (which may hold a password, so it is not repeated)."""
    if smtp_url is None:
        return []
    name, at, host = parseaddr(mail_from or "")[1].rpartition("@")
    sound = bool(name and at and host) and f"{name}{host}".isascii()
    wrong = [] if sound else ["MAIL_FROM is no address; mail needs one to come from, such as agent@example.com"]
    try:
        parts = urlsplit(smtp_url)
        sound = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    return wrong if sound else [*wrong, "SMTP_URL is not an address such as smtp://user:password@mail.example.com:587"]


@dataclass(frozen=True)
class Caller:
    """What the command `oma` learns from its surroundings.  Without `url` it speaks to the platform of this machine."""

    url: str | None
    api_key: str | None
    language: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Caller":
        """`ko` where LC_ALL, LC_MESSAGES or LANG, the first that is set, names Korean; else `en`."""
        env = os.environ if env is None else env
        locale = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
        return cls(
            url=(env.get("OMA_URL") or "").rstrip("/") or None,
            api_key=env.get("OMA_API_KEY") or None,
            language="ko" if locale.lower().startswith("ko") else "en",
        )

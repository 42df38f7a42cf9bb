"""What the sender's domain says of its mail, asked of a name server on this machine."""

import socketserver
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from ohmyagent.cli import checks
from ohmyagent.cli.mail_records import Unresolved, faults
from ohmyagent.settings import Settings

SENDER = "Oh My Agent <agent@mail.example.com>"
GOOD = {
    "mail.example.com.": ['"v=spf1 include:_spf.example.com -all"', '"some=other text"'],
    "_dmarc.mail.example.com.": ['"v=DMARC1; p=reject; rua=mailto:a@example.com"'],
    "default._domainkey.mail.example.com.": ['"v=DKIM1; k=rsa; " "p=MIGfMA0"'],
}
Zone = dict[str, list[str]]


class NameServer(socketserver.ThreadingUDPServer):
    """Answers from `zone`; an answer of None is silence."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.zone: Zone = dict(GOOD)
        self.silent = False
        self.broken = False
        super().__init__(("127.0.0.1", 0), Asked)

    @property
    def resolver(self) -> dns.resolver.Resolver:
        found = dns.resolver.Resolver(configure=False)
        found.lifetime = 0.3 if self.silent else 20.0
        found.nameservers, found.port = ["127.0.0.1"], self.server_address[1]
        return found


class Asked(socketserver.BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        wire, socket = self.request
        question = dns.message.from_wire(wire)
        if self.server.silent:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        name = question.question[0].name
        texts = self.server.zone.get(name.to_text().lower())
        if self.server.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        socket.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def server() -> Iterator[NameServer]:
    running = NameServer()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_domain_with_all_three_is_fine(server: NameServer) -> None:
    found, wrong = faults(SENDER, None, server.resolver)
    assert wrong == []
    assert "SPF ✓, DKIM default, DMARC p=reject" in found


@pytest.mark.parametrize(
    ("name", "texts", "says"),
    [
        ("mail.example.com.", None, "v=spf1"),
        ("mail.example.com.", ['"something else"'], "v=spf1"),
        ("mail.example.com.", ['"v=spf1 -all"', '"v=spf1 +all"'], "SPF records"),
        ("mail.example.com.", ['"v=spf10 -all"'], "v=spf1"),
        ("_dmarc.mail.example.com.", None, "_dmarc.mail.example.com"),
        ("default._domainkey.mail.example.com.", None, "MAIL_DKIM_SELECTOR"),
        ("default._domainkey.mail.example.com.", ['"v=DKIM1; p="'], "MAIL_DKIM_SELECTOR"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(
    server: NameServer, name: str, texts: list[str] | None, says: str
) -> None:
    server.zone = {key: value for key, value in GOOD.items() if key != name} | ({name: texts} if texts else {})
    _, wrong = faults(SENDER, None, server.resolver)
    assert len(wrong) == 1
    assert says in wrong[0]


def test_a_selector_of_ones_own_is_asked_for_alone(server: NameServer) -> None:
    server.zone["mine._domainkey.mail.example.com."] = ['"v=DKIM1; p=abc"']
    assert faults(SENDER, "mine", server.resolver)[1] == []
    del server.zone["mine._domainkey.mail.example.com."]
    [wrong] = faults(SENDER, "mine", server.resolver)[1]
    assert "mine._domainkey.mail.example.com" in wrong


def test_a_policy_may_stand_at_the_domain_above(server: NameServer) -> None:
    server.zone["_dmarc.example.com."] = server.zone.pop("_dmarc.mail.example.com.")
    assert faults(SENDER, None, server.resolver)[1] == []


@pytest.mark.parametrize("how", ["silent", "broken"])
def test_where_nobody_answers_nothing_is_known(server: NameServer, how: str) -> None:
    setattr(server, how, True)
    with pytest.raises(Unresolved):
        faults(SENDER, None, server.resolver)


def test_without_a_mail_server_nothing_is_asked() -> None:
    finding = checks.mail(Settings.from_env({}))
    assert (finding.ok, finding.fix) == (True, None)

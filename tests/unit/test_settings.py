"""What the operator may set: everything that is wrong is named at once, and what may be secret is not repeated."""

import pytest

from ohmyagent.settings import BadSettings, Settings


def test_admin_addresses_are_a_comma_list_in_lower_case_each_once():
    found = Settings.from_env({"ADMIN_EMAILS": " Ops@Example.com, second@example.com ,,ops@example.com"})
    assert found.admin_emails == ("ops@example.com", "second@example.com")
    assert Settings.from_env({}).admin_emails == ()


@pytest.mark.parametrize(
    "text", ["nobody", "a@", "@host.example", "a@b@host.example", "a b@host.example", "a@b.example\nx"]
)
def test_something_that_is_no_address_is_refused_and_not_repeated(text):
    with pytest.raises(BadSettings, match="ADMIN_EMAILS") as raised:
        Settings.from_env({"ADMIN_EMAILS": f"duty@example.com,{text}"})
    assert text not in str(raised.value)
    assert "duty@" not in str(raised.value)


CLOUD = {
    "OMA_TARGET": "gcp",
    "GOOGLE_CLOUD_PROJECT": "demo-project",
    "OMA_PUBLIC_URL": "https://agents.example.com",
    "OMA_SERVICES": "https://{name}-123.asia-northeast3.run.app",
    "OMA_BUCKET": "demo-bucket",
    "OMA_KMS_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    "OMA_INVOKER": "invoker@demo-project.iam.gserviceaccount.com",
}


def test_what_google_cloud_needs_is_missed_all_at_once():
    with pytest.raises(BadSettings) as raised:
        Settings.from_env({"OMA_TARGET": "gcp"})
    assert all(f"{name} is not set" in str(raised.value) for name in CLOUD if name != "OMA_TARGET")


def test_a_service_is_found_by_its_name():
    google = Settings.from_env(CLOUD).google
    assert google is not None
    assert google.url("launch") == "https://launch-123.asia-northeast3.run.app"
    assert (google.region, google.job, google.tick) == ("asia-northeast3", "agent-runner", "tick")


@pytest.mark.parametrize(
    "wrong",
    [
        {"OMA_SERVICES": "https://run.app"},
        {"OMA_KMS_KEY": "key"},
        {"OMA_TARGET": "aws"},
        {"OMA_EMULATORS": "certs=http://evil.example"},
        {"OMA_EMULATORS": "nothing=127.0.0.1:1", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"},
        {"OMA_EMULATORS": "tasks", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"},
    ],
)
def test_what_cannot_be_right_is_refused(wrong):
    with pytest.raises(BadSettings, match=next(iter(wrong))):
        Settings.from_env(CLOUD | wrong)


def test_stand_ins_are_taken_beside_the_firestore_emulator_only():
    beside = {"OMA_EMULATORS": "tasks=127.0.0.1:1, certs=http://127.0.0.1:2", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:3"}
    google = Settings.from_env(CLOUD | beside).google
    assert google is not None
    assert google.emulators == {"tasks": "127.0.0.1:1", "certs": "http://127.0.0.1:2"}


def test_streams_have_the_pages_own_origin_unless_another_is_named():
    assert Settings.from_env({}).stream_url is None
    assert (
        Settings.from_env({"OMA_STREAM_URL": "https://stream.example.com/"}).stream_url == "https://stream.example.com"
    )

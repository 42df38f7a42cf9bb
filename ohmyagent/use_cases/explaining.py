"""Why a run ended as it did, in words for someone who does not program."""

KOREAN = {
    "agent": "에이전트가 일을 끝내지 못했습니다.",
    "agent_deleted": "에이전트가 삭제되어 실행하지 않았습니다.",
    "budget": "정해 둔 비용 한도에 도달했습니다. 한도를 올리면 다시 실행할 수 있습니다.",
    "day_limit": "요금제의 하루 실행 횟수를 다 써서 실행하지 않았습니다. 횟수는 매일 한국 시간 오전 9시에 다시 셉니다.",
    "failures": "다섯 번 연속으로 실패해 멈춰 있는 동안이라 실행하지 않았습니다.",
    "disk": "작업 폴더의 용량(256 MB)을 넘었습니다. 필요 없는 파일을 지운 뒤 다시 실행해 주세요.",
    "host_disk": "컴퓨터의 디스크 여유가 부족해 가장 늦게 시작한 실행을 멈췄습니다. 여유를 만든 뒤 다시 실행해 주세요.",
    "host_memory": "컴퓨터의 메모리가 부족해 가장 늦게 시작한 실행을 멈췄습니다. 잠시 뒤에 다시 실행해 주세요.",
    "killed": "실행이 도중에 강제로 끝났습니다. 다시 실행해 주세요.",
    "lost": "실행하던 프로그램과 연락이 끊겼습니다. 다시 실행해 주세요.",
    "max_turns": "정해 둔 단계 수 안에 끝내지 못했습니다. 단계 수를 늘리거나 일을 나눠 주세요.",
    "memory": "메모리 한도(1 GB)를 넘었습니다. 한 번에 다루는 자료를 줄여 주세요.",
    "no_model_call": "모델을 한 번도 부르지 않고 끝나, 성공으로 볼 수 없습니다.",
    "no_result": "결과 없이 끝났습니다. 무엇을 결과로 남길지 지시문에 적어 주세요.",
    "output": "출력이 너무 많아 멈췄습니다. 긴 내용은 파일로 저장하게 해 주세요.",
    "missed": "제시간에 실행하지 못했습니다.",
    "model_gone": "고른 모델을 더 이상 쓸 수 없어 실행하지 않았습니다. 다른 모델을 골라 주세요.",
    "overlap": "앞선 실행이 아직 끝나지 않아 이번에는 건너뛰었습니다.",
    "paused": "일정이 멈춰 있어 실행하지 않았습니다.",
    "platform_budget": "이 플랫폼 전체의 이번 달 비용 한도에 도달해 실행하지 않았습니다. 운영자에게 알려 주세요.",
    "sandbox": "격리된 실행 공간을 만들지 못했습니다. 운영자에게 알려 주세요(oma doctor 명령이 원인을 보여 줍니다).",
    "schedule_changed": "일정이 바뀌어 실행하지 않았습니다.",
    "stopped_budget": "이번 달 비용 한도를 다 썼습니다. 다음 달이 되거나 한도를 올리면 저절로 다시 시작합니다.",
    "stopped_failures": "다섯 번 연속으로 실패했습니다. 설정을 고치거나 “다시 시작”을 누르면 다시 시작합니다.",
    "stopped_user_deleted": "이 에이전트를 만든 사람의 계정이 삭제되었습니다.",
    "stopped_suspended": "이 에이전트를 만든 사람의 계정이 정지되었습니다.",
    "suspended": "이 에이전트를 만든 사람의 계정이 정지되어 실행하지 않았습니다.",
    "platform_paused": "플랫폼의 모든 일정이 멈춰 있어 실행하지 않았습니다.",
    "timeout": "정해 둔 시간 안에 끝나지 않아 멈췄습니다. 시간을 늘리거나 일을 나눠 주세요.",
    "user_deleted": "이 에이전트를 만든 사람의 계정이 삭제되어 실행하지 않았습니다.",
    "upstream": "모델 서비스가 응답하지 않았습니다. 잠시 뒤에 다시 실행해 주세요.",
    "workspace": "작업 폴더의 파일을 읽거나 저장하지 못했습니다. 다시 실행해 주세요.",
}
ENGLISH = {
    "agent": "The agent could not finish the work.",
    "agent_deleted": "The agent was deleted, so this run did not start.",
    "budget": "The cost limit was reached. Raise the limit to run it again.",
    "day_limit": "The plan's runs for the day (UTC) were used up, so this run did not start.",
    "failures": "The agent had failed five times in a row and stood still, so this run did not start.",
    "disk": "The workspace grew beyond its 256 MB. Delete files that are not needed and run it again.",
    "host_disk": "The machine ran short of disk space, so its youngest run was stopped. Free some and run it again.",
    "host_memory": "The machine ran short of memory, so its youngest run was stopped. Please run it again in a while.",
    "killed": "The run was ended by force. Please run it again.",
    "lost": "Contact with the program that ran it was lost. Please run it again.",
    "max_turns": "The work was not done within the allowed number of steps. Allow more steps or split the work.",
    "memory": "The run went beyond its memory limit of 1 GB. Let it handle less data at once.",
    "no_model_call": "It ended without a single call to the model, which cannot count as success.",
    "no_result": "It ended without a result. Say in its instructions what it should leave.",
    "output": "It printed too much and was stopped. Let it save long texts as files.",
    "missed": "It could not be run in time.",
    "model_gone": "The chosen model is no longer offered, so this run did not start. Choose another one.",
    "overlap": "The run before it had not ended, so this one was skipped.",
    "paused": "The schedule was paused, so this run did not start.",
    "platform_budget": "The whole platform has reached its cost limit of this month. Please tell the operator.",
    "sandbox": "The isolated place to run it could not be made. Please tell the operator (oma doctor shows the cause).",
    "schedule_changed": "The schedule was changed, so this run did not start.",
    "stopped_budget": "This month's cost limit is used up. It goes on next month, or when the limit is raised.",
    "stopped_failures": "It failed five times in a row. It goes on when you edit it or press Go on.",
    "stopped_user_deleted": "The account it belongs to was deleted.",
    "stopped_suspended": "The account it belongs to was suspended.",
    "suspended": "The account it belongs to was suspended, so it did not run.",
    "platform_paused": "All schedules of the platform stood still, so this run did not start.",
    "timeout": "It did not finish within the allowed time and was stopped. Allow more time or split the work.",
    "user_deleted": "The account it belongs to was deleted, so it did not run.",
    "upstream": "The model service did not answer. Please run it again in a while.",
    "workspace": "Files of the workspace could not be read or saved. Please run it again.",
}


def sentence(code: str | None, detail: str | None, language: str) -> str | None:
    """The sentence for a person: by the code, with the runner's own words after it when they say more."""
    if code is None:
        return detail
    words = KOREAN if language == "ko" else ENGLISH
    said = words.get(code, words["agent"])
    return f"{said} ({detail})" if detail else said

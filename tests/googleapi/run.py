"""Cloud Run Jobs: executions with tasks, each a process that `start` makes when it is asked to."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from tests.googleapi.wire import Refusal, Wire

Start = Callable[[dict[str, str]], "subprocess.Popen[bytes] | None"]


@dataclass
class Execution:
    """One call of `run_job`: what was overridden, and its processes by index."""

    name: str
    env: dict[str, str]
    processes: list["subprocess.Popen[bytes] | None"]
    cancelled: bool = False

    def over(self, index: int) -> bool:
        process = self.processes[index]
        return self.cancelled or (process is not None and process.poll() is not None)


class RunStandIn:
    """`start` gets a task's whole environment; without it tasks run until they are ended by hand."""

    def __init__(self, wire: Wire, start: Start | None = None) -> None:
        self.executions: dict[str, Execution] = {}
        self.most = 10_000
        """Tasks that may run at once; beyond it calls are refused."""
        self._start = start or (lambda _: None)
        self._guard = threading.Lock()
        names = run_v2.GetExecutionRequest, run_v2.CancelExecutionRequest, run_v2.ListTasksRequest
        wire.add(
            "google.cloud.run.v2.Jobs",
            {"RunJob": (self._run, run_v2.RunJobRequest.deserialize, operations_pb2.Operation.SerializeToString)},
        )
        wire.add(
            "google.cloud.run.v2.Executions",
            {
                "GetExecution": (self._get, names[0].deserialize, run_v2.Execution.serialize),
                "CancelExecution": (self._cancel, names[1].deserialize, operations_pb2.Operation.SerializeToString),
            },
        )
        wire.add(
            "google.cloud.run.v2.Tasks",
            {"ListTasks": (self._tasks, names[2].deserialize, run_v2.ListTasksResponse.serialize)},
        )

    def stop(self) -> None:
        for execution in self.executions.values():
            self._kill(execution)

    def end(self, execution: Execution, index: int) -> None:
        """As if that task's process had exited."""
        execution.processes[index] = subprocess.Popen(["true"])
        execution.processes[index].wait(60)  # type: ignore[union-attr]

    def _run(self, request: Any) -> Any:
        overrides = request.overrides
        (container,) = overrides.container_overrides
        if container.args or container.name or overrides.timeout:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "only env and task_count are expected")
        env = {entry.name: entry.value for entry in container.env}
        with self._guard:
            running = sum(not e.over(index) for e in self.executions.values() for index in range(len(e.processes)))
            if running + overrides.task_count > self.most:
                raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "quota")
            name = f"{request.name}/executions/agent-runner-{len(self.executions):05d}"
            count = overrides.task_count
            given = env | {"CLOUD_RUN_EXECUTION": name.rpartition("/")[2], "CLOUD_RUN_TASK_COUNT": str(count)}
            tasks = [self._start(given | {"CLOUD_RUN_TASK_INDEX": str(index)}) for index in range(count)]
            self.executions[name] = Execution(name, env, tasks)
        operation = operations_pb2.Operation(name=f"operations/{len(self.executions)}")
        operation.metadata.Pack(run_v2.Execution.pb(run_v2.Execution(name=name, job=request.name)))
        return operation

    def _found(self, name: str) -> Execution:
        if name not in self.executions:
            raise Refusal(grpc.StatusCode.NOT_FOUND, name)
        return self.executions[name]

    def _get(self, request: Any) -> Any:
        found = self._found(request.name)
        over = all(found.over(index) for index in range(len(found.processes)))
        return run_v2.Execution(name=found.name, completion_time=datetime.now(UTC) if over else None)

    def _cancel(self, request: Any) -> Any:
        found = self._found(request.name)
        if all(found.over(index) for index in range(len(found.processes))):
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, "it has ended")
        self._kill(found)
        return operations_pb2.Operation(name="operations/cancel")

    def _tasks(self, request: Any) -> Any:
        found = self._found(request.parent)
        now = datetime.now(UTC)
        tasks = [
            run_v2.Task(
                name=f"{found.name}/tasks/t{index}", index=index, completion_time=now if found.over(index) else None
            )
            for index in range(len(found.processes))
        ]
        begin = int(request.page_token or "0")
        size = min(request.page_size or 100, 100)
        more = str(begin + size) if begin + size < len(tasks) else ""
        return run_v2.ListTasksResponse(tasks=tasks[begin : begin + size], next_page_token=more)

    def _kill(self, execution: Execution) -> None:
        execution.cancelled = True
        for process in execution.processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(60)

#!/bin/sh
# The function that FUNCTION_TARGET names, as the image runs it: functions-framework's application, served by gunicorn.
# The framework's own command loads the program before it forks, and the parent then holds it in memory for nothing.
set -eu
here=$(dirname "$0")
# Cloud Run gives ten seconds between SIGTERM and SIGKILL, and ends requests itself.
exec gunicorn --bind "${HOST:-0.0.0.0}:$PORT" --workers 1 --threads "${THREADS:-20}" --timeout 0 --graceful-timeout 9 \
    --limit-request-line 0 --log-level error --no-control-socket "functions_framework:create_app(source='$here/main.py')"

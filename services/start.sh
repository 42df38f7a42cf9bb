#!/bin/sh
# One of the services, as the image runs it: start.sh chat|gateway|egress
set -eu
case "$1" in
    chat)
        set -- "$1" --http ohmyagent.chat.wire:Streams --ws ohmyagent.chat.wire:Protocol --ws-max-size 2097152 \
            --ws-per-message-deflate false
        ;;
    gateway) set -- "$1" --ws none --http ohmyagent.gateway.inlet:Protocol --no-proxy-headers ;;
    *) set -- "$1" --ws websockets-sansio ;;
esac
app="services.$1:app"
shift
# Cloud Run gives ten seconds between SIGTERM and SIGKILL.
exec uvicorn --factory "$@" --no-access-log --timeout-graceful-shutdown 9 --host "${HOST:-0.0.0.0}" --port "$PORT" "$app"

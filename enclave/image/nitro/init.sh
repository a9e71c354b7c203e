#!/bin/sh
# Inside the enclave: the coordinator's name leads to the relay, the relay to the parent, and then the worker.
set -eu
cp /opt/veritee/hosts /etc/hosts
/opt/veritee/vsock-relay "$(cat /opt/veritee/port)" &
ulimit -c 0
exec node --disable-warning=ExperimentalWarning /opt/veritee/worker.mjs /opt/veritee/worker.json

#!/bin/sh
# Entry point of every sandbox: `/bin/sh launch.sh`. Contract and exit statuses: docs/runtimes.md.
# Only shell builtins before the runtime starts: each fork would add about a millisecond to every cold start.
#
#   HEARTH_SANDBOX_DIR  the worker's directory for this sandbox (default /run/hearth): log, env, start
#   HEARTH_BOOTSTRAP    the managed bootstrap, where it is not /var/runtime/bootstrap (process driver)
#   LAMBDA_TASK_ROOT    function code (default /var/task)
sandbox=${HEARTH_SANDBOX_DIR:-/run/hearth}

if [ -p "$sandbox/log" ]; then exec >"$sandbox/log" 2>&1; fi
# The worker writes one line into `start` when the Runtime API can be reached from here. Environment comes after it.
if [ -p "$sandbox/start" ]; then read -r _ <"$sandbox/start"; fi
if [ -r "$sandbox/env" ]; then . "$sandbox/env"; fi

bootstrap=${HEARTH_BOOTSTRAP:-/var/runtime/bootstrap}
if [ ! -e "$bootstrap" ]; then
  bootstrap=${LAMBDA_TASK_ROOT:-/var/task}/bootstrap
  [ -e "$bootstrap" ] || bootstrap=/opt/bootstrap
fi
# Runtime.InvalidEntrypoint; quiet, since the worker words the error: 242 missing, 243 not executable.
[ -e "$bootstrap" ] || exit 242
{ [ -f "$bootstrap" ] && [ -x "$bootstrap" ]; } || exit 243

cd "${LAMBDA_TASK_ROOT:-/var/task}" || exit 244
unset HEARTH_SANDBOX_DIR HEARTH_BOOTSTRAP

# A child, not exec: PID 1 ignores its own SIGKILL, and a function that kills itself has to die.
"$bootstrap" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM
# From here on the log belongs to the function alone (bash would announce "Killed" in it).
exec >/dev/null 2>&1
while :; do
  wait "$child"
  status=$?
  # A forwarded SIGTERM interrupts `wait`: the child is then still there.
  kill -0 "$child" || break
done
exit "$status"

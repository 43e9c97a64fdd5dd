#!/bin/sh
# Entry point of every sandbox: `/bin/sh launch.sh`. Contract and exit statuses: docs/runtimes.md.
# Only shell builtins before the runtime starts: each fork would add about a millisecond to every cold start.
#
#   HEARTH_SANDBOX_DIR  the worker's directory for this sandbox (default /run/hearth): log, env, start
#   HEARTH_BOOTSTRAP    the managed bootstrap, where it is not /var/runtime/bootstrap (process driver)
#   LAMBDA_TASK_ROOT    function code (default /var/task)
sandbox=${HEARTH_SANDBOX_DIR:-/run/hearth}
# The function's variables may have the names of ours.
set -- "$sandbox"

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

# External extensions (docs/extensions.md), only where the worker listens for what becomes of them. In a subshell: nothing of it may reach the
# runtime, whose environment is another. The runtime begins when the worker has heard from all of them.
if [ -p "$1/extensions" ]; then
  (
    exec 3>"$1/extensions" 2>/dev/null
    unset AWS_EXECUTION_ENV AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_XRAY_CONTEXT_MISSING AWS_XRAY_DAEMON_ADDRESS \
      LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT _AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_PORT _HANDLER HEARTH_RUNTIME_SOCKET
    cd /
    hearth_dir=$1
    shift
    if [ ! -e /opt/disable-extensions-jwigqn8j ]; then
      for hearth_file in /opt/extensions/*; do
        { [ -f "$hearth_file" ] && [ ! -h "$hearth_file" ]; } || continue
        set -- "$@" "$hearth_file"
        echo "launching ${hearth_file##*/}" >&3
      done
    fi
    echo launched >&3
    for hearth_file in "$@"; do
      # A shell would read any other file as a script of its own.
      hearth_head=
      IFS= read -r hearth_head <"$hearth_file"
      case $hearth_head in
        '#!'* | ?ELF*) ;;
        *) [ ! -x "$hearth_file" ] || { echo "unusable ${hearth_file##*/}" >&3; continue; } ;;
      esac
      (
        "$hearth_file" </dev/null >"$hearth_dir/extension-log" 2>&1 3>&-
        echo "exited $? ${hearth_file##*/}" >&3
      ) &
    done
  )
  read -r _ <"$1/start"
fi

# A child, not exec: PID 1 ignores its own SIGKILL, and a function that kills itself has to die.
"$bootstrap" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM
if [ -p "$1/extensions" ]; then
  # What the worker says to the runtime, like TERM.
  (while read -r order <"$1/start"; do kill "-$order" "$child"; done) >/dev/null 2>&1 &
fi
# From here on the log belongs to the function alone (bash would announce "Killed" in it).
exec >/dev/null 2>&1
while :; do
  wait "$child"
  status=$?
  # A forwarded SIGTERM interrupts `wait`: the child is then still there.
  kill -0 "$child" || break
done
# The extensions outlive the runtime; the worker ends them, and this.
if [ -p "$1/extensions" ]; then
  echo "runtime $status" >"$1/extensions"
  while :; do read -r _ <"$1/start"; done
fi
exit "$status"

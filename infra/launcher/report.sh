# How the launcher talks: progress and faults on stderr, one clear sentence with its remedy, never a trace.

say() { printf '%s\n' "$*" >&2; }

# die SENTENCE REMEDY [STATUS]
die() {
  printf 'hearth: %s\n        %s\n' "$1" "$2" >&2
  exit "${3:-1}"
}

interactive() { [[ -z ${ASSUME_YES:-} && -t 0 && -t 2 ]]; }

# step TITLE LOG COMMAND...: runs a long command with its output in a file, showing that it goes on; on failure shows the end of the output.
step() {
  local title=$1 log=$2 started=$SECONDS pid status=0 every=10
  shift 2
  mkdir -p "$(dirname "$log")"
  [[ -t 2 ]] && every=1
  say "$title ..."
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  local shown=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - started >= shown + every)); then
      shown=$((SECONDS - started))
      if [[ -t 2 ]]; then printf '\r  %s s' "$shown" >&2; else say "  $shown s$(tail -n 1 "$log" | tr -d '\r' | cut -c1-100 | sed 's/^/: /')"; fi
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [[ -t 2 && $shown -gt 0 ]] && printf '\r' >&2
  if ((status != 0)); then
    tail -n 25 "$log" >&2
    die "$title failed (status $status)." "The whole output is in $log."
  fi
  say "$title: done in $((SECONDS - started)) s"
}

r"""The programs that a board's shell runs. POSIX sh and the small programs that GNU, BusyBox and Toybox all have.

Each ends with ``say WORD [MORE]`` (see ``answer.py``). All but ``RUN`` and ``FETCH`` have no output: what comes before
the word is why they failed. There are no comments in them, since a script may be at most 4 KiB long for old adb.
"""

from edgecompress.deploy.process import ERRORS_KEPT
from edgecompress.deploy.transports.contract import BLOB, ENVIRONMENT, JOB, MARK

_KEPT_DAYS = 30
_IN_ENGLISH = "LC_ALL=C; export LC_ALL; exec 2>&1\n"

# Arguments: root ('' is what the carrier's text sets), that text, who asks, 'take' to end a job of someone else's.
# Takes the board, makes a work folder and stays until stdin ends or ``RELEASE``: then the folder vanishes. Says "ready"
# after the root, the work folder, the number of the process that stays and whether there is an environment, each
# between NULs; "busy" and who has the board; "foreign" and the root, which is somebody's; "folder": there can be none.
# When it leaves, what ``RUN`` runs in the work folder is ended: a job that is taken over does not disturb the next. The
# folder is known by its own being in it, since who takes over may have removed it by then.
# On a full disk what can be sent again goes: or nobody could log in to make room, 'devices clean' neither.
HOLD = (
    _IN_ENGLISH
    + f"""
make_room() {{ rm -f "$root"/blobs/{BLOB}; }}
case $1 in
  '') eval "$2" ;;
  '~/'*) root=$HOME/${{1#??}} ;;
  /*) root=$1 ;;
  *) root=$HOME/$1 ;;
esac
if [ ! -f "$root/{MARK}" ]; then
  [ -z "$1" ] || [ -z "$(ls -A "$root" 2>/dev/null)" ] || say foreign "$root"
  mkdir -p "$root" && touch "$root/{MARK}" || say folder
fi
mkdir -p "$root/blobs" "$root/work" || say folder
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
mine="$$ $boot $3"
if ! ln -s "$mine" "$root/lock" 2>/dev/null; then
  held=$(readlink "$root/lock"); holder=${{held%% *}}; rest=${{held#* }}
  if [ "${{rest%% *}}" = "$boot" ] && kill -0 "$holder" 2>/dev/null; then
    [ "$4" = take ] || say busy "${{rest#* }}"
    kill -TERM "$holder" 2>/dev/null
    # It takes its lock away itself. Were that replaced before, it could take this one's, which it had not seen.
    turns=0
    while [ "$(readlink "$root/lock")" = "$held" ] && kill -0 "$holder" 2>/dev/null && [ $turns -lt 100 ]; do
      sleep 0.05 || sleep 1
      turns=$((turns + 1))
    done
  fi
  [ "$(readlink "$root/lock")" != "$held" ] || rm -f "$root/lock"
  ln -s "$mine" "$root/lock" 2>/dev/null || {{
    now=$(readlink "$root/lock")
    if [ -n "$now" ] && [ "$now" != "$held" ]; then rest=${{now#* }}; say busy "${{rest#* }}"; fi
    [ -L "$root/lock" ] || make_room
    ln -s "$mine" "$root/lock"
  }} || say folder
fi
rm -rf "$root"/work/{JOB}[0-9]* "$root"/blobs/.part.*
find "$root/blobs" -type f -name '{BLOB}' -mtime +{_KEPT_DAYS} -exec rm -f {{}} + 2>/dev/null
work=$root/work/{JOB}$$
mkdir -p "$work" 2>/dev/null || {{ make_room; mkdir -p "$work"; }} || say folder
cd "$work" || say folder
reader=
finish() {{
  trap '' TERM HUP INT
  exec 2>/dev/null
  kill "$reader"
  for each in /proc/[0-9]*; do
    [ "${{each##*/}}" = $$ ] || [ ! "$each/cwd" -ef "/proc/$$/cwd" ] || kill -TERM "${{each##*/}}"
  done
  rm -rf "$work"; [ "$(readlink "$root/lock")" != "$mine" ] || rm -f "$root/lock"; exit
}}
trap finish TERM HUP INT
trap '' PIPE
ready=; [ ! -x "$root/{ENVIRONMENT}/python" ] || ready=yes
exec 3<&0
cat <&3 >/dev/null 2>&1 & reader=$!
printf '\\0%s\\0%s\\0%s\\0%s\\0%s ready\\n' "$root" "$work" $$ "$ready" "$token"
wait "$reader"
finish
"""
)

# Argument: the number of the process of ``HOLD``, which is to end. Says "done" when it did.
RELEASE = """
kill -TERM "$1" 2>/dev/null
turns=0
while kill -0 "$1" 2>/dev/null && [ $turns -lt 100 ]; do sleep 0.05 || sleep 1; turns=$((turns + 1)); done
say done
"""

# Arguments: folder, program, its arguments. Its stdout, then the exit code as the word, and the end of its stderr. Or
# "missing", where there is no such program, and "gone", where there is no such folder.
# It runs in a session of its own, which is killed when it has ended, when stdin does, and on SIGTERM, from the first
# moment on (until its number is kept, it is that of the last background command): so nothing runs on when the
# connection or this machine is gone. Without setsid that is the session that sshd and adbd give each shell:
# killed whole it takes this script along, so that what a program left behind there goes after the answer, by a shell of
# its own (mksh and ash keep copies of descriptors, and the errors' end would not come while they have one).
RUN = f"""
cd "$1" 2>/dev/null || say gone
shift
command -v "$1" >/dev/null 2>&1 || say missing
TMPDIR=$PWD; export TMPDIR
exec 3<&0 4>&1
{{
  apart=; ! command -v setsid >/dev/null 2>&1 || apart=setsid
  program=; group=$$
  stop() {{
    program=${{program:-$!}}; [ -z "$apart" ] || group=$program
    [ -z "$program" ] || kill -KILL "-$group" || kill -KILL "$program"
  }} 2>/dev/null
  trap 'stop; exit' TERM
  $apart "$@" <&3 >&4 3<&- 4>&- &
  program=$!
  {{ while read -r _; do :; done; stop; }} <&3 >/dev/null 2>&1 4>&- &
  watch=$!
  wait "$program"; code=$?
  kill -KILL "$watch"; [ -z "$apart" ] || stop
  printf '%s %s\\n' "$token" "$code" >&4
  [ -z "$apart" ] || exit 0
  sh -c 'sleep 1; kill -KILL "$0"' "-$group" </dev/null >/dev/null 2>&1 3<&- 4>&- &
}} 2>&1 | tail -c {ERRORS_KEPT}
"""

_FILES = (
    _IN_ENGLISH
    + """
command -v sha256sum >/dev/null || say nosum
sum() { set -- $(sha256sum <"$1"); echo "$1"; }
place() {
  mkdir -p "${2%/*}" && { ln -f "$1" "$2" 2>/dev/null || cp -f "$1" "$2"; } || say failed
  say done
}
"""
)

# Arguments: blob, SHA-256, target. Takes a file from what the board holds: says "done", "absent" or "failed".
PLACE = (
    _FILES
    + """
[ -f "$1" ] || say absent
[ "$(sum "$1")" = "$2" ] || { rm -f "$1"; say absent; }
touch "$1"
place "$1" "$3"
"""
)

# Arguments: part, SHA-256, target, blob ('' where it is not to be kept), 'stdin' where the part's content comes there.
# Gives a file that arrived whole its name: says "done", "short" or "failed". Nobody may write to what is kept.
ACCEPT = (
    _FILES
    + """
part=$1
trap '' PIPE
trap 'rm -f "$part"' EXIT
[ -z "$5" ] || cat >"$part" || say failed
[ "$(sum "$part")" = "$2" ] || say short
if [ -n "$4" ]; then
  chmod 555 "$part"; mv -f "$part" "$4" || say failed
  place "$4" "$3"
fi
chmod u+x "$part"; mkdir -p "${3%/*}" && mv -f "$part" "$3" || say failed
say done
"""
)

# Argument: the file. Its content, then its SHA-256 as the word; or "absent", or "failed" and why.
FETCH = (
    _FILES
    + """
[ -f "$1" ] || say absent
exec 4>&1
why=$(cat "$1" 2>&1 >&4) || say failed "$why"
say "$(sum "$1")"
"""
)

# Argument: a file that may be there. Says "done".
REMOVE = """
rm -f "$1" 2>/dev/null
say done
"""

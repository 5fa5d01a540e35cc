"""The scripts that a board's shell runs. POSIX sh and the small programs that GNU, BusyBox and Toybox all have.

Each script gets a token, which no program can know, as ``$1``. It writes the token to stdout before its output, since a
login shell's start files may print, and at its end to stderr with what it has to say: so an exit code that is ssh's own
(255, or 128 and more) is never taken for a program's.
"""

from edgecompress.deploy.transports.contract import BLOB, JOB

# ``say`` ends a script; ``sum`` is a file's SHA-256, of stdin so that no name is escaped in its output.
_COMMON = """
token=$1; shift
say() { printf '\\n%s %s\\n' "$token" "$1" >&2; exit 0; }
sum() { sha256sum < "$1" | cut -c 1-64; }
"""

_IN_ENGLISH = "LC_ALL=C; export LC_ALL\n"

# Arguments: root ('' is the cache folder of the user there), who asks, what to do about another's lock: wait or break,
# the environment's name, and the mark of a folder of ours. Says "foreign" where the root is somebody's.
# Writes the token at once, then the root's and the work folder's path and whether there is an environment, each with a
# NUL, and stays until stdin ends: then the work folder vanishes.
KEEP = (
    _COMMON
    + _IN_ENGLISH
    + """
# On a full disk what can be sent again goes: or nobody could log in to make room, 'devices clean' neither.
make_room() { rm -f "$root"/blobs/BLOB; }
printf '%s\\n' "$token"
case $1 in
  '') root=${XDG_CACHE_HOME:-$HOME/.cache}/edgecompress ;;
  '~/'*) root=$HOME/${1#??} ;;
  /*) root=$1 ;;
  *) root=$HOME/$1 ;;
esac
if [ ! -f "$root/$5" ]; then
  [ -z "$1" ] || [ -z "$(ls -A "$root" 2>/dev/null)" ] || say "foreign $root"
  mkdir -p "$root" && touch "$root/$5" || say folder
fi
mkdir -p "$root/blobs" "$root/work" || say folder
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
mine="$$ $boot $2"
if ! ln -s "$mine" "$root/lock" 2>/dev/null; then
  held=$(readlink "$root/lock")
  holder=${held%% *}; rest=${held#* }
  if [ "${rest%% *}" = "$boot" ] && kill -0 "$holder" 2>/dev/null; then
    [ "$3" = break ] || say "busy ${rest#* }"
    kill -TERM "$holder" 2>/dev/null
  fi
  rm -f "$root/lock"
  ln -s "$mine" "$root/lock" 2>/dev/null || {
    [ -L "$root/lock" ] || make_room
    ln -s "$mine" "$root/lock"
  } || say folder
fi
rm -rf "$root"/work/JOB[0-9]*; rm -f "$root"/blobs/.part.*
find "$root/blobs" -type f -name 'BLOB' -mtime +30 -exec rm -f {} + 2>/dev/null
work=$root/work/JOB$$
mkdir -p "$work" 2>/dev/null || { make_room; mkdir -p "$work"; } || say folder
finish() { rm -rf "$work"; [ "$(readlink "$root/lock")" = "$mine" ] && rm -f "$root/lock"; say closed; }
trap finish TERM HUP INT
trap '' PIPE
ready=; [ -x "$root/$4/python" ] && ready=yes
printf '%s\\0%s\\0%s\\0' "$root" "$work" "$ready"
exec 3<&0
cat <&3 >/dev/null 2>&1 & wait $!
finish
""".replace("BLOB", BLOB).replace("JOB", JOB)
)

# Arguments: folder, program, its arguments. Says the exit code, "missing" or "gone". The program ends when stdin does.
RUN = (
    _COMMON
    + """
cd "$1" 2>/dev/null || say gone
shift
command -v "$1" >/dev/null 2>&1 || say missing
printf '%s\\n' "$token"
exec 3<&0
if command -v setsid >/dev/null 2>&1; then setsid "$@" <&3 3<&- & else "$@" <&3 3<&- & fi
program=$!
stop() { kill -KILL "-$program" 2>/dev/null || kill -KILL "$program" 2>/dev/null; }
{ cat <&3; stop; } >/dev/null 2>&1 &
watch=$!
wait "$program"; code=$?
kill -KILL "$watch"; kill -KILL "-$program" 2>/dev/null
say "$code"
"""
)

_PLACE = """
place() {
  mkdir -p "${target%/*}" || say failed
  ln -f "$1" "$target" 2>/dev/null || cp -f "$1" "$target" || say failed
  say done
}
"""

# Arguments: blobs, SHA-256, target. Takes the file from what the board holds: says "done", "absent" or "failed".
HOLD = (
    _COMMON
    + _IN_ENGLISH
    + _PLACE
    + """
blob=$1/$2 target=$3
command -v sha256sum >/dev/null || say nosum
[ -f "$blob" ] || say absent
[ "$(sum "$blob")" = "$2" ] || { rm -f "$blob"; say absent; }
touch "$blob"
place "$blob"
"""
)

# Arguments: blobs, SHA-256, target, 'keep' or 'once'. Reads the file from stdin: says "done", "short" or "failed".
SEND = (
    _COMMON
    + _IN_ENGLISH
    + _PLACE
    + """
blob=$1/$2 target=$3
part=$1/.part.$$
trap '' PIPE
trap 'rm -f "$part"' EXIT
command -v sha256sum >/dev/null || say nosum
cat > "$part" || say failed
[ "$(sum "$part")" = "$2" ] || say short
if [ "$4" = keep ]; then
  chmod 444 "$part"; mv -f "$part" "$blob" || say failed
  place "$blob"
fi
mkdir -p "${target%/*}" && mv -f "$part" "$target" || say failed
say done
"""
)

# Argument: the file. Writes it to stdout and says its SHA-256, or "absent".
FETCH = (
    _COMMON
    + _IN_ENGLISH
    + """
[ -f "$1" ] || say absent
command -v sha256sum >/dev/null || say nosum
printf '%s\\n' "$token"
cat "$1" && say "$(sum "$1")"
say failed
"""
)

r"""Scripts for the device's sh: mksh with toybox, busybox, dash and bash read them.

They are sent through adb's ``exec`` service, which leaves bytes alone and is the same in all releases since Android 5.
It has one stream and no exit code, so a script tells its end in-band: a word that no program knows, what it has to say,
a number, and whatever is to follow (see ``trailer.py``).
"""

import shlex
from collections.abc import Sequence

from edgecompress.deploy.process import ERRORS_KEPT
from edgecompress.deploy.transports.contract import BLOB, ENVIRONMENT, JOB, MARK

ANDROID = "/data/local/tmp"
_ERRORS = ".stderr"
_GROUP = ".group"
_KEPT_DAYS = 30
# Messages in English; what is said of a failure goes the same way as the answer.
_HEAD = "LC_ALL=C; export LC_ALL; exec 2>&1\n"


def hold(mark: str, folder: str, who: str, *, take: bool) -> str:
    """Take the device, make a work folder, and stay until stdin ends: then the folder vanishes.

    Says ``ready`` after the root, the work folder, the number of the process that stays and whether there is an
    environment, each with a NUL; ``busy`` before who has the device; ``foreign`` where the root is somebody's; or
    ``folder``, when there is no room for one.

    Args:
        mark: The word before what is said.
        folder: The root. Empty: ``edgecompress`` in ``/data/local/tmp`` on Android, else in ``$TMPDIR`` or ``/tmp``.
        who: Who asks.
        take: End a job of someone else's that runs there.
    """
    return f"""{_HEAD}
say() {{ printf '{mark} %s 0\\n%s' "$1" "$2"; exit; }}
make_room() {{ rm -f "$root"/blobs/{BLOB}; }}
root={shlex.quote(folder)}; given=$root
if [ -z "$root" ]; then
  for base in {ANDROID} "$TMPDIR" /tmp; do [ -d "$base" ] && [ -w "$base" ] && break; done
  root=$base/edgecompress
fi
if [ ! -f "$root/{MARK}" ]; then
  [ -z "$given" ] || [ -z "$(ls -A "$root" 2>/dev/null)" ] || say foreign "$root"
  mkdir -p "$root" && touch "$root/{MARK}" || say folder
fi
mkdir -p "$root/blobs" "$root/work" || say folder
root=$(cd "$root" && pwd)
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
mine="$$ $boot "{shlex.quote(who)}
if ! ln -s "$mine" "$root/lock" 2>/dev/null; then
  held=$(readlink "$root/lock"); holder=${{held%% *}}; rest=${{held#* }}
  if [ "${{rest%% *}}" = "$boot" ] && kill -0 "$holder" 2>/dev/null; then
    {"kill -TERM" if take else 'say busy "${rest#* }"; :'} "$holder"
  fi
  rm -f "$root/lock"
  ln -s "$mine" "$root/lock" 2>/dev/null || {{
    [ -L "$root/lock" ] || make_room
    ln -s "$mine" "$root/lock"
  }} || say folder
fi
rm -rf "$root"/work/{JOB}[0-9]*
find "$root/blobs" -type f -name '{BLOB}' -mtime +{_KEPT_DAYS} -exec rm -f {{}} + 2>/dev/null
work=$root/work/{JOB}$$
mkdir -p "$work" 2>/dev/null || {{ make_room; mkdir -p "$work"; }} || say folder
finish() {{ rm -rf "$work"; [ "$(readlink "$root/lock")" != "$mine" ] || rm -f "$root/lock"; exit; }}
trap finish TERM HUP INT
trap '' PIPE
ready=; [ ! -x "$root/{ENVIRONMENT}/python" ] || ready=yes
printf '%s\\0%s\\0%s\\0%s\\0{mark} ready 0\\n' "$root" "$work" $$ "$ready"
exec 3<&0
cat <&3 >/dev/null & wait $!
finish
"""


def release(process: str) -> str:
    """Have the process of ``hold`` end, and wait until it did."""
    return f"""
kill -TERM {process} 2>/dev/null
turns=0
while kill -0 {process} 2>/dev/null && [ $turns -lt 100 ]; do sleep 0.05 || sleep 1; turns=$((turns + 1)); done
"""


def run(mark: str, folder: str, arguments: Sequence[str]) -> str:
    """Run a program in ``folder``: its stdout, then ``ended`` with its exit code, and the end of its stderr.

    Or ``absent`` where there is no such program, or ``gone`` where the folder is not there.

    adbd makes each shell the leader of a session of its own, so its number is that of the process group of all that it
    starts; it is kept in a file for ``kill``. stdin is handed through ``cat``, which ends when the connection does:
    then the whole group is killed, so that nothing runs on when the cable, adb's server or this machine is gone.
    """
    return f"""
cd {shlex.quote(folder)} 2>/dev/null || {{ printf '{mark} gone 0\\n'; exit; }}
exec 2>{_ERRORS}
export TMPDIR=$PWD
echo $$ >{_GROUP}
command -v {shlex.quote(arguments[0])} >/dev/null || {{ printf '{mark} absent 0\\n'; exit; }}
{{ cat; kill -9 -$$; }} | {{
  {shlex.join(arguments)}
  printf '{mark} ended %d\\n' $?
  tail -c {ERRORS_KEPT} {_ERRORS}
  kill -9 -$$
}}
"""


def kill(folder: str) -> str:
    """Kill what ``run`` started in ``folder``, if that runs still."""
    return f"cd {shlex.quote(folder)} && read group <{_GROUP} && kill -9 -$group"


def own(mark: str, script: str) -> str:
    """Run another script: what it says, then ``ended`` with its exit code."""
    return f"{_HEAD}({script}\n); printf '{mark} ended %d\\n' $?"


_PLACE = 'place() { mkdir -p "${2%/*}" && { ln -f "$1" "$2" 2>/dev/null || cp -f "$1" "$2"; }; }'
_SUM = 'sum() { set -- $(sha256sum <"$1"); echo "$1"; }'


def digest(path: str) -> str:
    """Say the SHA-256 of a file; it fails where there is none."""
    file = shlex.quote(path)
    return f"{_SUM}; [ -f {file} ] || {{ echo 'there is no such file'; exit 1; }}; sum {file}"


def place(blob: str, sha256: str, target: str) -> str:
    """Copy a blob that the device holds to ``target``; it fails where it does not hold it, whole."""
    blob, target = shlex.quote(blob), shlex.quote(target)
    return f'{_SUM}; {_PLACE}; [ -f {blob} ] && [ "$(sum {blob})" = {sha256} ] && touch {blob} && place {blob} {target}'


def accept(part: str, sha256: str, target: str, blob: str = "") -> str:
    """Give a file that was pushed its name, if it arrived whole; keep it as ``blob`` too where that is given."""
    part, target, blob = shlex.quote(part), shlex.quote(target), shlex.quote(blob)
    check = f"[ \"$(sum {part})\" = {sha256} ] || {{ rm -f {part}; echo 'it arrived damaged'; exit 1; }}"
    if blob != "''":
        return f"{_SUM}; {_PLACE}; {check}; chmod 755 {part}; mv -f {part} {blob} && place {blob} {target}"
    return f'{_SUM}; {check}; target={target}; mkdir -p "${{target%/*}}" && mv -f {part} {target}'


def remove(path: str) -> str:
    """Remove a file, if it is there."""
    return f"rm -f {shlex.quote(path)}"

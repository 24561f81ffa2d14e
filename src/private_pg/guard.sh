# Runs the server as a child and stops it when standard input ends, that is when its owner is gone, in whatever way.
# $1: the signal that stops the server; the rest: the server's command line.
signal=$1
shift
# A signal sent to the whole service must not take the guard away before the server.
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
# Repeated, because a process that is just starting may not have its signal handlers yet.
(
    read -r _ <&3
    while kill -s "$signal" "$server"; do sleep 1; done
) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$server"
status=$?
kill -s KILL "$watch"
exit "$status"

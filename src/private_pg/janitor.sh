# Makes a folder, prints its path, and removes it when standard input ends. Every process that works in the folder holds
# the other end of that pipe, as its owner does: the end of input means that none of them is left.
# $1: the folder's parent.
trap '' HUP INT TERM PIPE
folder=$(mktemp -d "$1/vitrina-pg-XXXXXX") || exit 1
echo "$folder"
exec >/dev/null
cat
for _ in 1 2 3 4 5; do
    rm -rf -- "$folder" && exit 0
    sleep 1
done
exit 1

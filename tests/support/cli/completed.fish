# completed.fish LINE...: what fish completes each line to, by ./streamstore.fish.
source ./streamstore.fish
for line in $argv
    echo "== $line"
    complete -C $line
end

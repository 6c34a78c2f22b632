# completed.zsh LINE...: what a terminal shows after each line and a tab, where ./_streamstore is a function of $fpath.
zmodload zsh/zpty
zpty terminal zsh -f -i
# BAUD=0: what a key does is shown also where the next key has been pressed already.
zpty -w terminal 'stty cols 200 rows 200; PROMPT= LISTMAX=0 BAUD=0; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D
  streamstore() {}; print READ"Y"'
zpty -r terminal begun '*READY*'
for line in "$@"; do
  # What the line has become is taken away before it is ended: to its start, and all after that.
  zpty -w -n terminal "$line"$'\t\C-A\C-Kprint END"ED"\n'
  zpty -r terminal shown '*ENDED*'
  print -r -- "== $line"
  print -r -- "$shown"
done
zpty -d terminal

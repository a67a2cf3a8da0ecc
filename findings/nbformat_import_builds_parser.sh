#!/usr/bin/env bash
# nbformat 5.11.1 with jsonschema 4.26.0 and rfc3987-syntax 1.1.0 (Python 3.11), as an install of JupyterLab brings them
#
# Guess: to import nbformat takes about as long whether or not a package is installed that it never asks for anything.
# Behaviour: nbformat imports jsonschema, that imports rfc3987_syntax where it is installed (jupyter_events asks for
#   jsonschema[format-nongpl], so it is beside every Jupyter server), and that makes an Earley parser of a grammar of
#   internationalized addresses there and then. No schema of a notebook has a format that needs it. So every program
#   that reads a notebook starts several times as late: nbconvert, nbclient, papermill, and each process of pytest with
#   nbval. Where the import of rfc3987_syntax fails, jsonschema goes on without it, and the notebook is validated as before.
# Seen: as installed 1.00 s, without the parser 0.12 s; valid both times
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nbformat==5.11.1 "jsonschema[format-nongpl]==4.26.0" rfc3987-syntax==1.1.0 lark==1.3.1

cat > "$folder/start.py" <<'EOF'
import sys
import time

if sys.argv[1] == "without":
    sys.modules["rfc3987_syntax"] = None
begin = time.perf_counter()
import nbformat

seconds = time.perf_counter() - begin
nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]))
print(seconds)
EOF

best() {  # of five starts, after one that compiles
    for _ in 1 2 3 4 5 6; do "$folder/venv/bin/python" "$folder/start.py" "$1"; done | sort -g | head -1
}
installed=$(best installed)
without=$(best without)
echo "as installed $installed s, without the parser $without s; valid both times"
"$folder/venv/bin/python" -c "import sys; sys.exit($installed < 3 * $without)"

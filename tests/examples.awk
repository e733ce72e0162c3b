# examples.awk - finds the commands that a text shows, and what it says they print.
#
# Input: a rendered man page (-v kind=page: its EXAMPLES section) or README.md
# (-v kind=readme: fenced blocks).  A command starts with "$ ", lines indented deeper
# continue it, lines below at its own indent are its output, up to an empty line.
# Output: files N.cmd and, where output is shown, N.out in the folder `dir`.

function finish() { if (cmd != "") { close(cmd); close(out) } cmd = ""; expecting = 0 }

kind == "page" && /^[A-Z]/ { finish(); inside = /^EXAMPLES/; next }
kind == "readme" && /^```/ { finish(); inside = !inside; next }
!inside { next }
/^ *\$ / {
	finish()
	indent = match($0, /\$/) - 1
	cmd = sprintf("%s/%03d.cmd", dir, ++n)
	out = sprintf("%s/%03d.out", dir, n)
	print substr($0, indent + 3) > cmd
	next
}
cmd == "" { next }
/^ *$/ { finish(); next }
{
	depth = match($0, /[^ ]/) - 1
	if (depth < indent) finish()
	else if (depth > indent && !expecting) print substr($0, indent + 1) > cmd
	else { expecting = 1; print substr($0, indent + 1) > out }
}
END { finish() }

# make install, uninstall and deb; completion.
. "$T/lib.sh"
top=$(cd "$T/.." && pwd)
build=${BUILD#"$top"/}
make() { MAKEFLAGS= command make --no-print-directory -s -C "$top" BUILD="$build" VERSION=9.8.7 "$@"; }
tools=$(cd "$top/tools" && ls *.c | sed 's/\.c$//')
pipelines=$(cd "$top/pipelines" && ls | grep -v '\.')

make install DESTDIR="$PWD/the root" PREFIX=/opt/ur >install.log 2>&1
ok "make install" || sed 's/^/# /' install.log
missing=
for c in $tools $(printf 'ur-%s\n' $pipelines); do
	[ -x "the root"/opt/ur/bin/$c ] && [ -f "the root"/opt/ur/share/bash-completion/completions/$c ] || missing+=" $c"
done
for p in "$top"/man/*.[157]; do
	[ -f "the root/opt/ur/share/man/man${p##*.}/${p##*/}" ] || missing+=" ${p##*/}"
done
[ -z "$missing" ] || { echo "# missing:$missing"; false; }
ok "installs tools, pipelines, pages, completion"
mv "the root" moved
[ "$(moved/opt/ur/bin/ur-grid --version)" = "ur-grid 9.8.7" ] && [ "$(moved/opt/ur/bin/ur-grid seed=1 | wc -l)" = 2 ]
ok "an installed pipeline runs, wherever it is moved"

complete_line() # words -> what the last of them can be
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ur_tools; echo ${COMPREPLY[*]}' \
	    _ moved/opt/ur/share/bash-completion/completions/ur-tools "$@"
}
[ "$(complete_line rr-sessionize --form)" = --format ] && [ "$(complete_line rr-sessionize --orphan s)" = skip ] &&
    [ "$(complete_line rr-sessionize --orphan = a)" = add ] && [ "$(complete_line ur-sweep --no)" = --nodes ] &&
    [ -z "$(complete_line ur-sweep grid)" ]
ok "completes options and their words"

mv moved "the root"
make uninstall DESTDIR="$PWD/the root" PREFIX=/opt/ur && [ -z "$(find "the root" ! -type d)" ]
ok "make uninstall leaves no file"

if ! command -v dpkg-shlibdeps >/dev/null || sanitized; then
	skip "make deb" "no dpkg-dev, or a sanitizer build"
	done_testing
fi
export DEBFULLNAME="A Tester" DEBEMAIL=tester@debian.org
make deb >deb.log 2>&1
deb=$(tail -1 deb.log)
ok "make deb" || sed 's/^/# /' deb.log
dpkg-deb -x "$top/$deb" x && [ "$(x/usr/bin/ur-grid --version)" = "ur-grid 9.8.7" ] && x/usr/bin/ur-dump --version >/dev/null &&
    dpkg-deb -f "$top/$deb" Depends | grep -q libxxhash0
ok "the package runs and names its libraries"
if command -v lintian >/dev/null; then
	lintian --allow-root --fail-on error "$top/$deb" >lintian.log 2>&1
	ok "lintian finds no error" || sed 's/^/# /' lintian.log
else
	skip lintian "not installed"
fi
rm -f "$top/$deb"
done_testing

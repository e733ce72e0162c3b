# run.sh - one run of a sweep, here or on another host; sourced by sweep.
#
# dir, batches, hash, tools, control and hosts are in the environment, so that GNU parallel can call run_row.

# --- one run -------------------------------------------------------------------

# A training in the current folder, an empty one: model, log, figures, how it ended, and the checksums that
# make it whole.  The status is that of the first tool that failed; 3, diverged, is a result.
train()         # batches, options of ur-pretrain
{
	local batches=$1 status=0 role sums
	shift
	ur-pretrain --quiet --log=log.tsv --output=model.ur "$@" "$batches" || status=$?
	[ $status = 0 ] || [ $status = 3 ] || return $status
	for role in validation test; do
		[ ! -f model.ur ] || ur-eval --quiet --model=model.ur --role=$role --bootstrap=0 "$batches" >$role.tsv || return
	done
	echo $status >status
	sums=$(sha256sum -- *) && printf '%s\nend\n' "$sums" >whole && return $status
}

# The same on another host, in a folder there that comes back as an archive.
train_on()      # host, batches there, options
{
	local host=$1
	shift
	{
		declare -f train
		printf 'PATH=%q:$PATH; scratch=$(mktemp -d) && mkdir $scratch/run && cd $scratch/run || exit 1\n' "$tools"
		printf 'train %s; status=$?; tar cf - . || status=1; rm -rf $scratch; exit $status\n' "$*"
	} | remote "$host" bash -s | tar xf -
	return "${PIPESTATUS[1]}"
}

remote() { ${UR_SSH:-ssh} -o BatchMode=yes -o ControlMaster=auto -o ControlPath="$control/%C" -o ControlPersist=60 "$@"; }

# A run: tried three times while it fails with anything but the command line's 2, each time on the next host.
# Prints status, name and message.
run_row()       # name, options, slot
{
	local name=$1 slot=$3 held try scratch status message=''
	local -a options hosts_of
	read -ra options <<<"$2"
	read -ra hosts_of <<<"$hosts"
	exec {held}>>"$dir/.lock" && flock --shared $held || return 1
	for try in 0 1 2; do
		scratch=$dir/.run.$BASHPID.${EPOCHREALTIME/[.,]/}
		mkdir -p "$scratch/run" || return 1
		(
			cd "$scratch/run" || exit 1
			if [ -z "$hosts" ]; then
				train "$batches" "${options[@]}"
			else
				train_on "${hosts_of[(slot - 1 + try) % ${#hosts_of[@]}]}" ".cache/ur-sweep/$hash.ur" "${options[@]}"
			fi
		) 2>"$scratch/messages"
		status=$?
		case $status in
		0|3)	# another sweep may have made it in the meantime: the same bytes
			mv -T "$scratch/run" "$dir/$name" 2>/dev/null || [ -f "$dir/$name/whole" ] || status=1 ;;
		*)	message=$(tail -n 1 "$scratch/messages") ;;
		esac
		rm -rf "$scratch"
		[[ $status = [023] ]] && break
	done
	printf '%s\t%s\t%s\n' "$status" "$name" "$message"
	return "$status"
}

# --- other hosts ------------------------------------------------------------------

# Makes `hosts`, a word per training at a time.  A host that cannot be used is left out with a warning.
find_hosts()
{
	local count host line version
	version=$(ur-pretrain --version)
	while read -r line <&3; do
		[[ $line =~ ^(([0-9]+)/)?([A-Za-z0-9._@:-]+)$ ]] || die "${opt[nodes]}: \"$line\" is no host, expected [N/]host"
		count=${BASH_REMATCH[2]} host=${BASH_REMATCH[3]}
		if ! line=$(printf 'PATH=%q:$PATH; ur-pretrain --version && nproc' "$tools" | remote "$host" bash -s 2>&1); then
			note "$host: left out, ur-pretrain does not run there: ${line##*$'\n'}"
		elif [ "${line%%$'\n'*}" != "$version" ]; then
			note "$host: left out, it has ${line%%$'\n'*}, here is $version"
		elif ! send_batches "$host"; then
			note "$host: left out, the batches could not be sent"
		else
			for ((count = ${count:-${line##*$'\n'}}; count > 0; count--)); do
				hosts+=" $host"
			done
		fi
	done 3< <(sed 's/#.*//; s/[[:space:]]*//g; /^$/d' "${opt[nodes]}")
	[ -n "$hosts" ] || die "${opt[nodes]}: no host can be used"
}

# Once per host: they are kept there under the name of their hash.
send_batches()
{
	remote "$1" "test -f .cache/ur-sweep/$hash.ur" </dev/null && return
	remote "$1" "mkdir -p .cache/ur-sweep && cd .cache/ur-sweep && cat >$hash.part &&
	    sha256sum $hash.part | grep -q ^$hash && mv $hash.part $hash.ur" <"$batches"
}

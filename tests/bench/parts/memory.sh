# Peak memory of training against 2 x the batches + 6 x the parameters + 64 MB.
peak_memory()   # name, batches
{
	local batches parameters
	batches=$(stat -c %s "$2")
	row "$1: batches" "$(calc "$batches / 1048576")" MiB
	row "$1: training" "$(mebibytes ur-pretrain -q --preset chen2019 --batch 128 --iterations 10 -o trained.ur "$2")" MiB
	parameters=$(stat -c %s trained.ur)
	row "$1: training" "$(mebibytes ur-pretrain -q --preset chen2019 --batch 128 --iterations 10 -o trained.ur "$2")" MiB \
	    "what is allowed" "$(calc "(2 * $batches + 6 * $parameters + 64e6) / 1048576")" '>=1x'
}

batches=$(made_up 2000 64) && peak_memory "dense" "$batches"
batches=$(made_up 200000 0) && peak_memory "200,000 items" "$batches"

# Two threads against one by the wall clock, and the same bytes.
threads_clock=$CLOCK CLOCK=wall
if batches=$(made_up 2000 64); then
	for batch in 128 1024; do
		train=(ur-pretrain -q --preset chen2019 --lr 1e-3 --batch $batch "$batches")
		n=$((256000 / batch))
		one=$(rate $n "${train[@]}" --threads 1 -o one.ur)
		two=$(rate $n "${train[@]}" --threads 2 -o two.ur)
		cmp -s one.ur two.ur || wrong "batch $batch: 2 threads give other bytes than 1"
		row "dense, lstm, batch $batch, 2 threads" "$two" it/s "1 thread" "$one" \
		    "$([ $batch = 128 ] && echo '>=1.3x' || echo '>=1.7x')"
	done
fi
CLOCK=$threads_clock

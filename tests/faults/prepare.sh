# prepare.sh FOLDER - makes small inputs of every kind there; the tools are on PATH.  Sourced or run.
mkdir -p "$1" && cd "$1" || exit 1

awk 'BEGIN {
	srand(3)
	print "timestamp,visitorid,event,itemid,transactionid"
	for (i = 0; i < 150; i++) {
		v = int(rand() * 30) + 1
		t = i * 1000
		print t "," v ",view," int(rand() * 5) + 1 ","
		print t + 1 "," v ",view," int(rand() * 5) + 1 ","
		print t + 2 "," v ",addtocart," int(rand() * 5) + 1 ","
	}
}' >clicks.csv
{ head -1 clicks.csv; tail -n +2 clicks.csv | sort -t, -k2,2n -k1,1n; } >sorted.csv
gzip -nk clicks.csv
zstd -qk clicks.csv
awk 'BEGIN {
	print "user,time,item,clicked,position"
	for (u = 0; u < 20; u++)
		for (k = 0; k < 4; k++)
			printf "u%d,%d,i%d,%d,%d\n", u, 1000 * u, (u * 7 + k) % 9, k == u % 5, k
}' >shown.csv
awk 'BEGIN {
	print "timestamp,itemid,property,value"
	for (i = 1; i <= 5; i++)
		for (t = 0; t < 90000; t += 30000)
			printf "%d,%d,categoryid,%d\n%d,%d,790,n%d.000\n%d,%d,available,%d\n", t, i, i % 3 + t / 60000, t, i, 100 * i + t, t, i, (t > 0)
}' >properties.csv
printf 'categoryid,parentid\n0,7\n1,7\n2,8\n3,8\n7,\n8,\n' >tree.csv
rr-sessionize -o sessions.ur clicks.csv &&
    ur-featurize --split 2:1:1 -o train.ur sessions.ur &&
    ur-pretrain -q --hidden 3 --dims 4 --iterations 4 --eval-every 2 -o model.ur train.ur

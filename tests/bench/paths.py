#!/usr/bin/env python3
# paths.py - the display sets of rr-sessionize made with DuckDB and with polars, as a yardstick.
#
# usage: paths.py duckdb|polars|ours FILE threads
#
# Prints seconds<TAB>s (median of three, from the CSV to the finished table) and threads<TAB>n, not for `ours`,
# steps<TAB>n and hash<TAB>h: the hash of all steps as sorted lines "visitor time picked item:rank ...",
# the same for whoever made them.  For `ours` FILE is the stream.
#
# One thing keeps this from being plain window functions: whether a cart is an orphan depends on where the
# last set was taken, which depends on the orphans before.  The k-th picks of all sessions are settled
# together, k = 1, 2, ..., by a recursive query or a loop.
import hashlib
import os
import sys
import time

import numpy as np

import stream

GAP, MAX_SET, CONTEXT = 1800 * 1000, 10, 3

QUERY = """
create or replace table event as
with raw as (
	select distinct visitorid v, timestamp t, event = 'addtocart' as cart, event = 'view' as seen,
	    case event when 'view' then 0 when 'addtocart' then 1 else 2 end e, itemid i
	from read_csv('{path}', header = true, columns = {{'timestamp': 'bigint', 'visitorid': 'ubigint',
	    'event': 'varchar', 'itemid': 'ubigint', 'transactionid': 'varchar'}})
), few as (
	select * from raw where v in (select v from raw where cart)
), numbered as (
	select *, row_number() over w n, t - lag(t) over w > {gap} new
	from few window w as (partition by v order by t, e, i)
)
select *, count(*) filter (new) over (partition by v order by n) s from numbered;

create or replace table pick as
with first_cart as (
	select v, s, i, min(n) n from event where cart group by v, s, i
), seen as (
	select p.v, p.s, p.i, p.n, max(e.n) last from first_cart p
	left join event e on e.v = p.v and e.s = p.s and e.i = p.i and e.seen and e.n < p.n
	group by p.v, p.s, p.i, p.n
)
select *, row_number() over (partition by v, s order by n) k from seen;

create or replace table step as
with recursive settled as (
	select v, s, i, n, k, 0::bigint since, coalesce(last, 0) > 0 valid from pick where k = 1
	union all
	select p.v, p.s, p.i, p.n, p.k, case when q.valid then q.n else q.since end since,
	    coalesce(p.last, 0) > (case when q.valid then q.n else q.since end) valid
	from settled q join pick p on p.v = q.v and p.s = q.s and p.k = q.k + 1
), shown as (
	select p.v, p.n, p.i picked, e.i, max(e.n) last, e.i = p.i own
	from settled p join event e on e.v = p.v and e.s = p.s and e.seen and e.n > p.since and e.n < p.n
	where p.valid group by p.v, p.n, p.i, e.i
), kept as (
	select * from shown
	qualify own or row_number() over (partition by v, n, own order by last desc) < {max_set}
), ranked as (
	select *, row_number() over (partition by v, n order by last desc) - 1 r from kept
)
select r.v, any_value(e.t) t, any_value(picked) picked, list(r.i order by r.i) i, list(r.r order by r.i) r
from ranked r join event e on e.v = r.v and e.n = r.n
group by r.v, r.n having count(*) > 1;
"""


def by_duckdb(path, threads):
    import duckdb
    db = duckdb.connect(config={"threads": threads})
    db.execute(QUERY.format(path=path, gap=GAP, max_set=MAX_SET))
    return lambda: db.execute("select v, t, picked, i, r from step").fetchall()


def by_polars(path, threads):
    import polars as pl
    c = pl.col
    code = pl.when(c.event == "view").then(0).when(c.event == "addtocart").then(1).otherwise(2).cast(pl.UInt8)
    raw = pl.scan_csv(path).select(v="visitorid", t="timestamp", e=code, i="itemid")
    raw = raw.join(raw.filter(c.e == 1).select("v").unique(), on="v", how="semi").unique().sort("v", "t", "e", "i").collect()
    event = raw.with_columns(n=pl.int_range(pl.len()) + 1,  # numbers over the whole log: order is all that matters
                             new=(c.v != c.v.shift()) | (c.t - c.t.shift() > GAP)) \
        .with_columns(s=c.new.fill_null(True).cum_sum())
    view = event.filter(c.e == 0).select("s", "i", "n")
    pick = event.filter(c.e == 1).group_by("s", "i").agg(c.n.min())
    last = pick.join(view, on=["s", "i"]).filter(c.n_right < c.n).group_by("s", "i").agg(last=c.n_right.max())
    pick = pick.join(last, on=["s", "i"], how="left").with_columns(c.last.fill_null(0), k=c.n.rank("ordinal").over("s"))
    step = settle(pl, pick)
    shown = step.join(view, on="s").filter((c.n_right > c.since) & (c.n_right < c.n)) \
        .group_by("n", picked="i", i="i_right").agg(last=c.n_right.max()) \
        .with_columns(own=c.i == c.picked)
    kept = shown.filter(c.own | (c.last.rank("ordinal", descending=True).over("n", "own") < MAX_SET)) \
        .with_columns(r=c.last.rank("ordinal", descending=True).over("n") - 1)
    table = kept.sort("n", "i").group_by("n", "picked").agg("i", "r").filter(c.i.list.len() > 1) \
        .join(event.select("n", "v", "t"), on="n").select("v", "t", "picked", "i", "r")
    return table.rows


def settle(pl, pick):
    """The picks that are no orphans, with `since`: where the set before was taken."""
    c, done, before = pl.col, [], None
    for k in range(1, (pick["k"].max() or 0) + 1):
        now = pick.filter(c.k == k)
        if before is None:
            now = now.with_columns(since=pl.lit(0, pl.Int64))
        else:
            now = now.join(before, on="s")
        now = now.with_columns(valid=c.last > c.since)
        before = now.select("s", since=pl.when(c.valid).then(c.n).otherwise(c.since))
        done.append(now.filter(c.valid))
    return pl.concat(done).select("s", "i", "n", "since")


def by_stream(path):
    """Rows of (visitor, time, picked, items, ranks) of our stream's steps; a user may go on in the next frame."""
    types = {"user": "<u8", "steps": "<u4", "time": "<i8", "role": "u1", "pick": "<i4", "size": "<u2",
             "item": "<u8", "rank": "<u2"}
    for kind, p in stream.frames(path):
        if kind != stream.SESSIONS:
            continue
        column = {name: np.frombuffer(p[name], t) for name, t in types.items()}
        visitor = np.repeat(column["user"], column["steps"])
        end = np.cumsum(column["size"], dtype=np.int64)
        for n in np.flatnonzero(column["role"] != CONTEXT):
            items = slice(end[n] - column["size"][n], end[n])
            shown = column["item"][items].tolist()
            yield visitor[n], column["time"][n], shown[column["pick"][n]], shown, column["rank"][items].tolist()


def digest(rows):
    lines = sorted(f"{v} {t} {p} " + " ".join(f"{i}:{r}" for i, r in zip(items, ranks)) for v, t, p, items, ranks in rows)
    return len(lines), hashlib.md5("\n".join(lines).encode()).hexdigest()


def main():
    who, path = sys.argv[1], sys.argv[2]
    if who == "ours":
        rows = by_stream(path)
    else:
        cpu = os.environ.get("CLOCK") == "cpu"  # see run.sh
        clock, threads = (time.process_time, 1) if cpu else (time.perf_counter, int(sys.argv[3]))
        os.environ["POLARS_MAX_THREADS"] = str(threads)  # read when it is imported
        make, taken = {"duckdb": by_duckdb, "polars": by_polars}[who], []
        __import__(who)
        for _ in range(3):
            start = clock()
            table = make(path, threads)
            taken.append(clock() - start)
        print(f"seconds\t{sorted(taken)[1]:.3f}\nthreads\t{threads}")
        rows = table()
    print("steps\t%d\nhash\t%s" % digest(rows))


if __name__ == "__main__":
    main()

/* properties.c - the rows of item_properties.csv that a catalogue needs. */
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "mem.h"

enum { TIME, ITEM, PROPERTY, VALUE, COLUMNS };
enum { NUMBER = 64 };           /* characters of the longest price */

#define NAME(word) { (word), sizeof (word) - 1 }
static const struct {
	struct ur_field name;
	const char *expected;
} properties[UR_PROPERTIES] = {
	[UR_CATEGORY] = { NAME("categoryid"), "a whole number below 2^64" },
	[UR_PRICE] = { NAME("790"), "a number of 0 or more, like n277.200" },
	[UR_AVAILABLE] = { NAME("available"), "0 or 1" }
};

/* "n277.200", or without the n: digits, with or without a fraction. */
static bool
parse_price(struct ur_field f, double *price)
{
	char text[NUMBER];
	size_t digits;

	if (f.n != 0 && *f.p == 'n') {
		f.p++;
		f.n--;
	}
	if (f.n == 0 || f.n >= sizeof text)
		return false;
	memcpy(text, f.p, f.n);
	text[f.n] = '\0';
	digits = strspn(text, "0123456789");
	if (digits == 0 || (text[digits] == '.' && text[digits + 1] == '\0'))
		return false;
	if (text[digits] == '.')
		digits += 1 + strspn(text + digits + 1, "0123456789");
	*price = strtod(text, NULL);
	return digits == f.n;
}

/* The number of a property's value; false when it is malformed. */
static bool
parse_value(struct ur_catalogue *catalogue, enum ur_property property, struct ur_field f, uint32_t *number)
{
	uint64_t id;
	double price;

	switch (property) {
	case UR_CATEGORY:
		if (!ur_field_u64(f, &id))
			return false;
		*number = ur_ids_add(&catalogue->category, id);
		return true;
	case UR_PRICE:
		if (!parse_price(f, &price))
			return false;
		memcpy(&id, &price, sizeof id);
		*number = ur_ids_add(&catalogue->price, id);
		return true;
	default:
		*number = ur_field_is(f, "1");
		return *number || ur_field_is(f, "0");
	}
}

/* Which of the properties wanted a row is about; UR_PROPERTIES for none. */
static enum ur_property
property_of(const struct ur_catalogue *catalogue, struct ur_field f)
{
	int p = 0;

	for (; p < UR_PROPERTIES; p++)
		if (catalogue->want[p] && f.n == properties[p].name.n && memcmp(f.p, properties[p].name.p, f.n) == 0)
			break;
	return (enum ur_property)p;
}

/* Rows that tell nothing go first: most are of other properties. */
static int
add_row(struct ur_catalogue *catalogue, const struct ur_store *store, struct ur_csv *csv)
{
	enum ur_property property = property_of(catalogue, ur_csv_field(csv, PROPERTY));
	uint64_t id, place = catalogue->knowns;
	uint32_t item, number;
	int64_t time;

	if (property == UR_PROPERTIES)
		return 0;
	if (!(catalogue->hash_ids ? ur_field_hash : ur_field_u64)(ur_csv_field(csv, ITEM), &id))
		return ur_csv_bad(csv, ITEM, catalogue->hash_ids ? "an id" : "a whole number below 2^64");
	if ((item = ur_ids_find(&store->item, id)) == UR_NO_ID)
		return 0;
	if (!ur_field_time(ur_csv_field(csv, TIME), UR_MS, &time))
		return ur_csv_bad(csv, TIME, "milliseconds");
	if (time > catalogue->last[item])
		return 0;
	if (!parse_value(catalogue, property, ur_csv_field(csv, VALUE), &number))
		return ur_csv_bad(csv, VALUE, properties[property].expected);
	if (number >= 1u << 30 || place > UINT32_MAX)
		return ur_fail(csv->err, "%s: line %ju: too many rows or values", csv->in.name, (uintmax_t)csv->line);
	UR_GROW(catalogue->known, catalogue->known_cap, place + 1);
	catalogue->known[catalogue->knowns++] = (struct ur_known){
		item, (uint64_t)time ^ 1ull << 63, place << 32 | (uint64_t)number << 2 | property
	};
	return 0;
}

/* When each item is shown for the last time. */
static void
find_last(struct ur_catalogue *catalogue, const struct ur_store *store)
{
	const struct ur_users *all = &store->all;
	const uint32_t *set = all->row;

	catalogue->last = ur_alloc(store->item.n, sizeof *catalogue->last);
	for (size_t i = 0; i < store->item.n; i++)
		catalogue->last[i] = INT64_MIN;
	for (size_t s = 0; s < all->steps; set += all->size[s++])
		for (int k = 0; k < all->size[s]; k++)
			if (catalogue->last[set[k]] < all->time[s])
				catalogue->last[set[k]] = all->time[s];
}

int
ur_catalogue_properties(struct ur_catalogue *catalogue, const struct ur_store *store, const char *path, char *err)
{
	static const struct ur_csv_column column[COLUMNS] = {
		{ .name = "timestamp" }, { .name = "itemid" }, { .name = "property" }, { .name = "value" }
	};
	struct ur_csv csv;
	int r = ur_catalogue_open(catalogue, &csv, path, column, COLUMNS);

	if (catalogue->last == NULL)
		find_last(catalogue, store);
	while (r >= 0 && (r = ur_csv_row(&csv)) > 0)
		r = add_row(catalogue, store, &csv);
	return ur_catalogue_close(catalogue, &csv, r, err);
}

# make, make check, make demo: see README.md.  Variants: CC=clang, SAN=1, TSAN=1, DOUBLE=1, COV=1.

VERSION  = 0.1.0
PREFIX   = /usr/local
DESTDIR  =
DIR      = tests/golden

BUILD    = build$(if $(filter-out cc gcc,$(CC)),-$(notdir $(firstword $(CC))))$(if $(DOUBLE),-double)$(if $(SAN),-san)$(if $(TSAN),-tsan)$(if $(FUZZ),-fuzz)$(if $(COV),-cov)
WARN     = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
OPT      = $(if $(SAN)$(TSAN)$(FUZZ),-O1,$(if $(COV),-O0,-O3))
# no-trapping-math and no-math-errno let loops vectorise and change no value
FLOAT    = -ffp-contract=off -fno-trapping-math -fno-math-errno
CFLAGS   = $(OPT) -g
CPPFLAGS = -D_GNU_SOURCE -DUR_VERSION='"$(VERSION)"' -Ilib $(if $(DOUBLE),-DUR_DOUBLE) $(if $(SAN)$(TSAN)$(FUZZ)$(COV),-DUR_SANITIZE) $(if $(COV),-DUR_COVERAGE)
comma    = ,
SANFLAGS = $(if $(SAN)$(FUZZ),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer) \
	$(if $(TSAN),-fsanitize=thread) $(if $(FUZZ),-fsanitize=fuzzer-no-link)
ALL_CFLAGS = -std=c11 -pthread $(WARN) $(FLOAT) $(SANFLAGS) $(if $(COV),--coverage -fprofile-update=atomic) $(CFLAGS)
LDLIBS   = -Wl,--as-needed -llbfgs -lopenblas -lmsgpackc -lxxhash -lzstd -lz -lm

TOOLS    = $(patsubst tools/%.c,%,$(wildcard tools/*.c))
BENCH    = $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
FUZZERS  = $(patsubst tests/fuzz/%.c,%,$(filter-out %/replay.c,$(wildcard tests/fuzz/*.c)))
UNITS    = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
LIB      = $(BUILD)/libur.a
LIBOBJ   = $(patsubst lib/%.c,$(BUILD)/lib/%.o,$(wildcard lib/*.c))
PAGES    = $(wildcard man/*.[157])
# pipelines are installed as ur-NAME, and are in the build folder under that name too
PIPELINES = $(foreach f,$(notdir $(wildcard pipelines/*)),$(if $(findstring .,$f),,$f))
COMMANDS = $(TOOLS) $(PIPELINES:%=ur-%)

all: $(COMMANDS:%=$(BUILD)/%)

$(PIPELINES:%=$(BUILD)/ur-%): $(BUILD)/ur-%: pipelines/%
	@mkdir -p $(@D)
	@ln -sfn ../$< $@

$(BUILD)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIBOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%: tools/%.c $(LIB)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LIB) $(LDFLAGS) $(LDLIBS)

$(BUILD)/tests/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LIB) $(LDFLAGS) -lcmocka $(LDLIBS)

units: $(UNITS:%=$(BUILD)/tests/%)

# The golden cases are checked in the build at hand: DOUBLE=1 to 1e-9, float to 1e-4.
golden: $(BUILD)/tests/golden
	$(BUILD)/tests/golden $(DIR)

$(BUILD)/tests/golden: tests/golden.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LIB) $(LDFLAGS) $(LDLIBS)

golden-program: $(BUILD)/tests/golden

# Fuzz targets, with a main of their own that replays corpora; FUZZ=1 with clang: with libFuzzer's.
# T=seconds for each target; TARGETS= some of them.
fuzz:
	@$(MAKE) --no-print-directory -s -j$$(nproc) CC=clang FUZZ=1 fuzzers
	@BUILD=$(CURDIR)/$$($(MAKE) -s CC=clang FUZZ=1 print-build) tests/fuzz/run.sh $(or $(T),60) $(TARGETS)

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)

$(BUILD)/fuzz/options: LDFLAGS += -Wl,--wrap=exit,--wrap=fclose

$(BUILD)/fuzz/frame.o: lib/frame.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DUR_FUZZING $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz/frame.o $(if $(FUZZ),,tests/fuzz/replay.c) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(ALL_CFLAGS) $(if $(FUZZ),-fsanitize=fuzzer) -MMD -MP -MF $@.d -o $@ \
	    $(filter %.c %.o %.a,$^) $(LDFLAGS) -lcmocka $(LDLIBS)

# The tools with our requests for memory redirected, and the program that lets things fail.
WRAPPED  = malloc calloc realloc aligned_alloc strdup strndup realpath fopen fdopen pthread_create
empty    =
space    = $(empty) $(empty)

faults: $(TOOLS:%=$(BUILD)/faults/%) $(BUILD)/faults/faults $(BUILD)/faults/peak

$(BUILD)/faults/faults $(BUILD)/faults/peak: $(BUILD)/faults/%: tests/faults/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $<

$(BUILD)/faults/%: tools/%.c tests/faults/alloc.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -MF $@.d -o $@ $(filter %.c %.a,$^) \
	    -Wl,$(subst $(space),$(comma),$(WRAPPED:%=--wrap=%)) $(LDFLAGS) $(LDLIBS)

# All faults, not some as in check: minutes.
torture: all faults
	@BUILD=$(CURDIR)/$(BUILD) tests/faults/torture.sh

valgrind: all fuzzers
	@BUILD=$(CURDIR)/$(BUILD) tests/faults/valgrind.sh

tsan:
	@$(MAKE) --no-print-directory -s -j$$(nproc) TSAN=1 all units
	@BUILD=$(CURDIR)/$$($(MAKE) -s TSAN=1 print-build) tests/faults/threads.sh

analyze:
	@tests/analyze.sh

coverage:
	+@tests/coverage.sh

# Measurements against the machine and against others' tools; PART=name runs one part.
bench: deps all $(BENCH:%=$(BUILD)/bench/%)
	+@BUILD=$(BUILD) tests/bench/run.sh $(PART)

$(BUILD)/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LIB) $(LDFLAGS) $(LDLIBS)

print-build:
	@echo $(BUILD)

check: deps
	+@tests/check.sh

demo: deps
	@$(MAKE) --no-print-directory -s all
	@PATH="$(CURDIR)/$(BUILD):$$PATH" pipelines/demo $(LOG)

deps:
	@tests/deps.sh

lint: all
	@BUILD=$(BUILD) tests/lint.sh

BIN      = $(DESTDIR)$(PREFIX)/bin
SHARE    = $(DESTDIR)$(PREFIX)/share
SAMPLE   = $(wildcard tests/data/retailrocket/*)

install: all $(BUILD)/completion
	install -d "$(BIN)" "$(SHARE)/man/man1" "$(SHARE)/man/man5" "$(SHARE)/man/man7" \
	    "$(SHARE)/ur-tools/pipelines" "$(SHARE)/ur-tools/tests/data/retailrocket" "$(SHARE)/bash-completion/completions"
	install $(TOOLS:%=$(BUILD)/%) "$(BIN)"
	install $(PIPELINES:%=pipelines/%) "$(SHARE)/ur-tools/pipelines"
	install -m 644 $(filter-out $(PIPELINES:%=pipelines/%),$(wildcard pipelines/*)) "$(SHARE)/ur-tools/pipelines"
	echo $(VERSION) >"$(SHARE)/ur-tools/pipelines/version"
	for p in $(PIPELINES); do ln -sfn ../share/ur-tools/pipelines/$$p "$(BIN)/ur-$$p" || exit; done
	install -m 644 $(SAMPLE) "$(SHARE)/ur-tools/tests/data/retailrocket"
	for p in $(PAGES); do install -m 644 $$p "$(SHARE)/man/man$${p##*.}" || exit; done
	install -m 644 $(BUILD)/completion "$(SHARE)/bash-completion/completions/ur-tools"
	for c in $(COMMANDS); do ln -sfn ur-tools "$(SHARE)/bash-completion/completions/$$c" || exit; done

uninstall:
	rm -f $(COMMANDS:%="$(BIN)/%") $(foreach p,$(PAGES),"$(SHARE)/man/man$(subst .,,$(suffix $p))/$(notdir $p)")
	rm -f $(COMMANDS:%="$(SHARE)/bash-completion/completions/%") "$(SHARE)/bash-completion/completions/ur-tools"
	rm -rf "$(SHARE)/ur-tools"

$(BUILD)/completion: .ci/completion all
	@.ci/completion $(COMMANDS:%=$(BUILD)/%) >$@

deb: all
	@rm -rf $(BUILD)/deb
	@$(MAKE) --no-print-directory -s install DESTDIR=$(BUILD)/deb PREFIX=/usr
	@.ci/deb $(BUILD)/deb $(VERSION) $(BUILD)/ur-tools_$(VERSION)_$$(dpkg --print-architecture).deb

clean:
	rm -rf build build-*

.PHONY: all units fuzz fuzzers faults torture valgrind tsan analyze coverage golden golden-program print-build check bench demo deps lint install uninstall deb clean
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard $(BUILD)/*.d $(BUILD)/lib/*.d $(BUILD)/tests/*.d $(BUILD)/bench/*.d $(BUILD)/fuzz/*.d $(BUILD)/faults/*.d)

/* nn_isa_end.h - the end of nn_isa.h's definitions for one instruction set. */
#undef NAME
#undef TARGET
#undef L
#undef MASK
#undef MASK_OF
#undef LOAD_FIRST
#undef STORE_FIRST
#undef FMA
#undef MAX
#undef MIN
#undef PAIR_ROWS

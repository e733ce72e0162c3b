/* isa_bodies.h - all that is written out for each instruction set, for test_isa.c. */
#include "nn_exp.h"
#include "nn_gemm.h"
#include "nn_rows.h"

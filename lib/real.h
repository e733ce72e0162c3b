/* real.h - the number type of the kernels: float, or double in a DOUBLE=1 build. */
#ifndef UR_REAL_H
#define UR_REAL_H

#ifdef UR_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif

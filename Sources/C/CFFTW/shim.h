#pragma once
/* Never include complex.h before fftw3.h: fftw_complex would become a C99 complex, which Swift does not import. */
#include <fftw3.h>
/* Arrays of unknown length are not imported. */
static inline const char *lavoisier_fftw_version(void) { return fftw_version; }

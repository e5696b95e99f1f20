#pragma once
/* Never include complex.h before fftw3.h: fftw_complex would become a C99 complex, which Swift does not import. */
#include <fftw3.h>

#include "CVDSO.h"

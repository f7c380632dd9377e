#include "host/platform/free_memory.h"

#include <malloc.h>

namespace gantry::platform {

void give_back_free_memory() noexcept {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace gantry::platform

// demangled: a C++ symbol as people read it.
#pragma once
#include <string>

namespace gantry::platform {

/// "std::thread::detach()" for "_ZNSt6thread6detachEv"; what is no C++ symbol stays as it is.
std::string demangled(const std::string& symbol);

}  // namespace gantry::platform

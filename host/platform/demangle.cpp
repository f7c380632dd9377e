#include "host/platform/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace gantry::platform {

std::string demangled(const std::string& symbol) {
    // "i" would be taken for the type int.
    if (!symbol.starts_with("_Z")) return symbol;
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text{
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free};
    return status == 0 ? text.get() : symbol;
}

}  // namespace gantry::platform

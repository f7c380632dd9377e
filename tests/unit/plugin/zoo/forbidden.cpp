// Descriptors of plugins that the gate refuses for what they import. The build names one import.
#include <dlfcn.h>
#include <gantry/cpp/describe.h>
#include <pthread.h>

#include <csignal>
#include <cstdlib>

namespace google::protobuf::internal {
struct DescriptorTable;
void AddDescriptors(const DescriptorTable* table);
}  // namespace google::protobuf::internal

namespace {

using Any = void (*)();
template <class Function>
Any import(Function function) {
    return reinterpret_cast<Any>(function);
}

Any volatile imported = import(ZOO_IMPORT);

gantry::Plugin* make() noexcept {
    if (imported != nullptr) imported();
    return nullptr;
}

}  // namespace

/// Seen from outside only without the SDK's list of exports.
extern "C" __attribute__((visibility("default"))) void zoo_export() {}

GANTRY_PLUGIN(.name = "zoo", .version = "2.0.0", .world = make, .io = make, .service = make);

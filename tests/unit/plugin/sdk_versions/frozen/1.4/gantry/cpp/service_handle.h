// gantry/cpp/service_handle.h: Service<T>, another plugin's interface as it stands now.
#pragma once
#include <type_traits>

#include "gantry/cpp/type_name.h"
#include "gantry/service.h"

namespace gantry {
namespace detail {

/// Tells the host as which type this library knows the service. Null: the host is older.
template <class T>
void declare(ServiceTypes* host, Str service, bool provides) noexcept {
    if (host == nullptr) return;
    host->declare(service, type_name<std::remove_cv_t<T>>(), provides ? 1 : 0);
}

}  // namespace detail

/// Another plugin's interface in the same room. Check it before use: the provider may be absent.
///     if (filter_) filter_->clean(text);
template <class T>
class Service {
public:
    Service() = default;
    explicit Service(const ServiceSlot* slot) noexcept : slot_{slot} {}
    explicit operator bool() const noexcept { return slot_ != nullptr && slot_->target != nullptr; }
    T* operator->() const noexcept { return static_cast<T*>(slot_->target); }

private:
    const ServiceSlot* slot_ = nullptr;
};

}  // namespace gantry

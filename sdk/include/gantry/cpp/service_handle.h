// gantry/cpp/service_handle.h: Service<T>, another plugin's interface as it stands now.
#pragma once
#include "gantry/service.h"

namespace gantry {

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

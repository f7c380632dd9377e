// Descriptor: an open file of the system that closes on the way out.
#pragma once
#include <unistd.h>

#include <utility>

namespace gantry::platform {

/// For the sources of this folder. Negative: nothing is open.
class Descriptor {
public:
    explicit Descriptor(int number = -1) noexcept : number_{number} {}
    ~Descriptor() { (void)close(); }
    Descriptor(Descriptor&& other) noexcept : number_{other.release()} {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }

    explicit operator bool() const noexcept { return number_ >= 0; }
    int number() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }
    /// False when the system had an error to tell of, such as a full disk.
    bool close() noexcept {
        const int number = release();
        return number < 0 || ::close(number) == 0;
    }

private:
    int number_;
};

}  // namespace gantry::platform

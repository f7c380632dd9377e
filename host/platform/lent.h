// Lent: an object that plugins have pointers to, and what becomes of its memory when it is gone.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace gantry::platform {

/// First base of the host's side of an interface. Of the newest 512 that are gone no memory is used
/// again: it is filled with pointers to where nobody may read, so that whoever uses one for longer
/// than it lives faults in its own code, where that can be left, and is told what it was. Made with
/// `new`. Where sanitizers watch, they see to it instead. [any thread]
class Lent {
public:
    static constexpr std::size_t kept_max = 512;

    static void* operator new(std::size_t bytes);
    static void operator delete(void* object, std::size_t bytes) noexcept;

protected:
    /// In words: "an interface of arena@1.0.0#3".
    explicit Lent(std::string what) : what_{std::move(what)} {}
    Lent(const Lent&) = default;
    Lent& operator=(const Lent&) = default;
    ~Lent();

private:
    std::string what_;
};

/// What was there that is gone, by the address that a fault tells; nothing: no such memory.
/// [any thread]
std::optional<std::string> gone_at(const void* address);

}  // namespace gantry::platform

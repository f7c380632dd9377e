// gantry/cpp/guard.h: keeps what your code throws inside your library.
#pragma once
#include <exception>
#include <type_traits>
#include <utility>

#include "gantry/runtime.h"

namespace gantry {

/// Thrown by a handler to answer a request with a chosen status instead of `internal`. The sentence
/// reaches the client; what any other exception says stays in the log.
class HandlerError : public std::exception {
public:
    HandlerError(Status status, const char* sentence) noexcept : status_{status} {
        std::strncpy(sentence_, sentence, sizeof sentence_ - 1);
    }
    Status status() const noexcept { return status_; }
    const char* what() const noexcept override { return sentence_; }

private:
    Status status_;
    char sentence_[160] = {};
};

namespace detail {

/// What the code between library and host made of an exception.
struct Caught {
    Status status = Status::ok;
    char what[160];  // filled by set() only: one is made for every message

    Caught() noexcept { what[0] = '\0'; }
    void set(Status code, const char* text) noexcept {
        status = code;
        std::strncpy(what, text, sizeof what - 1);
        what[sizeof what - 1] = '\0';
    }
};

/// Runs `body`. The one catch-all of a plugin: no exception object ever crosses the boundary.
template <class Body>
Caught guarded(Body&& body) noexcept {
    Caught caught;
    try {
        std::forward<Body>(body)();
    } catch (const HandlerError& error) {
        caught.set(error.status(), error.what());
    } catch (const std::exception& error) {
        caught.set(Status::internal, error.what());
    } catch (...) {
        caught.set(Status::internal, "an exception that is not a std::exception");
    }
    return caught;
}

}  // namespace detail
}  // namespace gantry

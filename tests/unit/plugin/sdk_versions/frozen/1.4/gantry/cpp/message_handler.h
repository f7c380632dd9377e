// gantry/cpp/message_handler.h: turns a lambda into a message handler of the host.
#pragma once
#include <string>
#include <type_traits>

#include "gantry/cpp/base_plugin.h"
#include "gantry/cpp/codec.h"
#include "gantry/cpp/handler_name.h"
#include "gantry/cpp/task.h"
#include "gantry/net.h"

namespace gantry::detail {

/// What a handler needs of its plugin. All of it lives as long as the plugin.
struct WorldLinks {
    Net* net;
    Schedule* schedule;
    Runtime* runtime;
    Closures* closures;
    std::string* scratch;  ///< replies are encoded here, so that none allocates in steady state
};

template <class R>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;
template <class R>
struct TaskValue;
template <class T>
struct TaskValue<Task<T>> {
    using Type = T;
};

/// Sends what a handler returned as the answer of `message`.
template <class R>
Status answer(const WorldLinks& links, const Message& message, const R& result) {
    if constexpr (std::is_same_v<R, Status>) {
        return result;
    } else if constexpr (std::is_convertible_v<const R&, Bytes> && !Message_type<R>) {
        return links.net->reply(&message, result);
    } else if constexpr (std::is_convertible_v<const R&, std::string_view>) {
        return links.net->reply(&message, Bytes{std::string_view{result}});
    } else {
        static_assert(Message_type<R>, "a handler returns nothing, a Status, bytes or a message");
        Bytes encoded;
        if (!Codec<R>::encode(result, *links.scratch, encoded)) return Status::internal;
        return links.net->reply(&message, encoded);
    }
}

/// Awaits a handler's task and answers for it. Its frame keeps the message's head; the payload that
/// `message` points to is gone after the first wait.
template <class R>
Task<> answer_later(WorldLinks links, Message message, Task<R> task) {
    Status status = Status::ok;
    std::string sentence;
    try {
        if constexpr (std::is_void_v<R>) {
            co_await std::move(task);
            if (message.is_request()) links.net->reply(&message, Bytes{});
        } else {
            const R result = co_await std::move(task);
            status = answer(links, message, result);
        }
    } catch (const HandlerError& error) {
        status = error.status();
        sentence = error.what();
    }
    if (status == Status::ok) co_return;
    if (message.is_request()) {
        const bool for_players = status != Status::internal;
        links.net->fail(&message, status, for_players ? Str{std::string_view{sentence}} : Str{});
    }
    if (status == Status::internal)
        links.runtime->report_failure("task", std::string_view{sentence});
}

/// Runs `body`, which returns what the handler returned, and answers the message.
template <class Body>
Status handle(const WorldLinks& links, Str name, const Message& message, Body&& body) noexcept {
    using R = std::remove_cvref_t<std::invoke_result_t<Body&>>;
    Status status = Status::ok;
    const auto caught = guarded([&] {
        if constexpr (is_task<R>) {
            Message head = message;
            head.payload = {};
            answer_later(links, head, body()).start(*links.schedule, *links.runtime, name);
        } else if constexpr (std::is_void_v<R>) {
            body();
            if (message.is_request()) links.net->reply(&message, Bytes{});
        } else {
            status = answer(links, message, body());
        }
    });
    if (caught.status == Status::ok) return status;
    if (caught.status == Status::internal) links.runtime->report_failure(name, caught.what);
    if (!message.is_request()) return caught.status;
    links.net->fail(&message, caught.status,
                    caught.status == Status::internal ? Str{} : Str{caught.what});
    return Status::ok;  // answered, and reported above
}

template <class F>
Status route_raw(const WorldLinks& links, std::uint16_t id, Str name, F f) {
    struct Kept {
        WorldLinks links;
        std::string name;
        F f;
    };
    auto* kept = links.closures->keep(Kept{links, handler_name(name, id), std::move(f)});
    return links.net->route(
        id, Str{std::string_view{kept->name}},
        [](void* context, const Message* message) noexcept {
            auto& self = *static_cast<Kept*>(context);
            return handle(self.links, std::string_view{self.name}, *message,
                          [&]() -> decltype(auto) { return self.f(*message); });
        },
        kept);
}

template <class T, class F>
Status route_typed(const WorldLinks& links, std::uint16_t id, F f) {
    struct Kept {
        WorldLinks links;
        std::string name;
        typename Codec<T>::Store store;
        F f;
    };
    std::string name = "on<" + std::string{Codec<T>::name()} + "> (id " + std::to_string(id) + ")";
    auto* kept = links.closures->keep(Kept{links, std::move(name), {}, std::move(f)});
    return links.net->route(
        id, Str{std::string_view{kept->name}},
        [](void* context, const Message* message) noexcept -> Status {
            auto& self = *static_cast<Kept*>(context);
            const T* decoded = nullptr;
            const auto caught =
                guarded([&] { decoded = Codec<T>::decode(self.store, message->payload); });
            if (caught.status != Status::ok || decoded == nullptr) {
                if (!message->is_request()) return Status::invalid;
                const std::string sentence = "the payload is no " + std::string{Codec<T>::name()};
                self.links.net->fail(message, Status::invalid, std::string_view{sentence});
                return Status::ok;
            }
            const Str handler_name{std::string_view{self.name}};
            if constexpr (std::is_invocable_v<F&, const T&, const Message&>) {
                return handle(self.links, handler_name, *message,
                              [&]() -> decltype(auto) { return self.f(*decoded, *message); });
            } else {
                return handle(self.links, handler_name, *message,
                              [&]() -> decltype(auto) { return self.f(*decoded); });
            }
        },
        kept);
}

}  // namespace gantry::detail

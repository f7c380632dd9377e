#include "host/route/room_services.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/platform/given.h"
#include "host/route/named_sentence.h"

namespace gantry::route {

ProtectedStore& RoomServices::protected_of(std::string_view plugin) {
    return protected_.try_emplace(std::string{plugin}).first->second;
}

ServiceSlot* RoomServices::slot(std::string_view name) {
    auto found = slots_.find(name);
    if (found == slots_.end()) {
        found = slots_.emplace(std::string{name}, std::make_unique<ServiceSlot>()).first;
    }
    return found->second.get();
}

void RoomServices::withdraw(const std::vector<ProvidedService>& provided,
                            const std::vector<ServedService>& served) {
    for (const ProvidedService& one : provided) {
        ServiceSlot* const place = slot(one.name);
        place->target = nullptr;
        ++place->changes;
    }
    for (const ServedService& one : served) servers_.erase(one.name);
}

void RoomServices::offer(const core::Owner& owner, Vitals& vitals,
                         const std::vector<ProvidedService>& provided,
                         const std::vector<ServedService>& served) {
    for (const ProvidedService& one : provided) {
        ServiceSlot* const place = slot(one.name);
        place->target = one.target;
        ++place->changes;
    }
    for (const ServedService& one : served) {
        servers_[one.name] = {owner.id, &vitals, one.handler, one.context, owner.label};
    }
}

void RoomServices::announce() {
    std::erase_if(announced_, [this](const std::string& name) {
        if (servers_.contains(name)) return false;
        surroundings_.serve(name, {});
        return true;
    });
    for (const auto& [name, server] : servers_) {
        if (std::find(announced_.begin(), announced_.end(), name) != announced_.end()) continue;
        announced_.push_back(name);
        surroundings_.serve(
            name, {post_here_, [this, name](const ServiceCall& call) { run(name, call); }});
    }
}

namespace {

/// Counts an error that is answered, which nobody but the caller would see otherwise.
struct Overheard {
    const ServiceCall& call;
    const std::string& label;
    Vitals* vitals;
    static void reply(void* self, Status status, Bytes response) noexcept {
        platform::look_at(response);
        const auto& [call, label, vitals] = *static_cast<Overheard*>(self);
        if (status == Status::ok) return call.reply(call.caller, status, response);
        vitals->add(vitals->errors, 1);
        const std::string sentence = named_sentence(label, status, response.text());
        call.reply(call.caller, status, Bytes{std::string_view{sentence}});
    }
};

}  // namespace

// By whoever serves the name when the call gets its turn: it may have come before a swap.
void RoomServices::run(const std::string& name, const ServiceCall& call) {
    const auto found = servers_.find(name);
    const Server server = found != servers_.end() ? found->second : Server{};
    if (server.handler == nullptr) return call.reply(call.caller, Status::unavailable, {});
    Overheard overheard{call, server.label, server.vitals};
    const ServiceCall seen{call.method, call.request, &Overheard::reply, &overheard};
    if (run_as_(server.owner, [&] { server.handler(server.context, &seen); })) return;
    const std::string sentence = server.label + ": ended by a fault";
    call.reply(call.caller, Status::unavailable, Bytes{std::string_view{sentence}});
}

std::uint64_t RoomServices::call(std::uint32_t owner, std::string name, std::string method,
                                 std::string request, TimeNs due, AnswerFunction answer,
                                 void* context) {
    if (leaves(owner)) return 0;
    const std::uint64_t id = next_call_++;
    calls_.emplace(id, Call{owner, answer, context, deadlines_.emplace(due, id), name,
                            surroundings_.clock().now()});
    const auto answered = [this, id](Status status, const std::string& bytes) {
        end(id, status, bytes);
    };
    Status asked = Status::limit;
    if (calls_.size() > calls_max) {
        surroundings_.calls_full(name);
    } else {
        asked =
            surroundings_.call(name, std::move(method), std::move(request), answered, post_here_);
    }
    if (asked != Status::ok) post_here_([answered, asked] { answered(asked, {}); });
    return id;
}

void RoomServices::end(std::uint64_t id, Status status, const std::string& bytes) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;  // answered, timed out or cancelled before
    const Call call = found->second;
    forget(found);
    run_as_(call.owner, [&] { call.answer(call.context, status, Bytes{std::string_view{bytes}}); });
}

void RoomServices::forget(std::unordered_map<std::uint64_t, Call>::iterator call) {
    deadlines_.erase(call->second.deadline);
    calls_.erase(call);
}

bool RoomServices::cancel(std::uint32_t owner, std::uint64_t id) {
    const auto found = calls_.find(id);
    if (found == calls_.end() || found->second.owner != owner) return false;
    forget(found);
    return true;
}

void RoomServices::leave(std::uint32_t owner,
                         const std::function<void(const std::function<void()>&)>& answer_as) {
    if (leaves(owner)) return;
    leaving_.push_back(owner);
    for (const std::uint64_t id : calls_of(owner)) {
        const auto found = calls_.find(id);
        if (found == calls_.end()) continue;  // an answer before has cancelled it
        const Call call = found->second;
        forget(found);
        answer_as([&call] { call.answer(call.context, Status::cancelled, {}); });
    }
}

bool RoomServices::leaves(std::uint32_t owner) const {
    return std::find(leaving_.begin(), leaving_.end(), owner) != leaving_.end();
}

std::vector<std::uint64_t> RoomServices::calls_of(std::uint32_t owner) const {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, call] : calls_) {
        if (call.owner == owner) ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

std::uint32_t RoomServices::waiting(std::uint32_t owner) const {
    return static_cast<std::uint32_t>(
        std::count_if(calls_.begin(), calls_.end(),
                      [owner](const auto& entry) { return entry.second.owner == owner; }));
}

std::vector<std::string> RoomServices::waits(std::uint32_t owner, TimeNs now) const {
    struct Calls {
        std::uint32_t count = 0;
        TimeNs since = never;
    };
    std::map<std::string, Calls> by_service;
    for (const auto& [id, call] : calls_) {
        if (call.owner != owner) continue;
        Calls& same = by_service[call.service];
        ++same.count;
        same.since = std::min(same.since, call.since);
    }
    std::vector<std::string> list;
    for (const auto& [service, calls] : by_service) {
        const TimeNs ms = (now - calls.since) / ns_per_ms;
        list.push_back(calls.count == 1
                           ? fmt::format("a call of {} waits for an answer for {} ms", service, ms)
                           : fmt::format("{} calls of {} wait for an answer, the first for {} ms",
                                         calls.count, service, ms));
    }
    return list;
}

void RoomServices::poll(TimeNs now) {
    thread_.enter();
    turn_began_ = now;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        end(deadlines_.begin()->second, Status::timeout, {});
    }
}

}  // namespace gantry::route

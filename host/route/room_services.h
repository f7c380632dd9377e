// RoomServices: the services of one room: slots of its own plugins, and calls to those of others.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gantry/service.h"
#include "host/core/owner.h"
#include "host/core/room_thread.h"
#include "host/route/protected_store.h"
#include "host/route/surroundings.h"
#include "host/route/vitals.h"

namespace gantry::route {

struct ProvidedService {
    std::string name;
    void* target = nullptr;
};
struct ServedService {
    std::string name;
    ServiceFunction handler = nullptr;
    void* context = nullptr;
};

/// All calls on the room's thread.
class RoomServices {
public:
    /// Runs `body` as the instance `owner`: with its log label, and its commands applied
    /// afterwards. False when that instance does not serve any more.
    using RunAs = std::function<bool(std::uint32_t owner, const std::function<void()>& body)>;

    RoomServices(Surroundings& surroundings, PostToRoom post_here, RunAs run_as)
        : surroundings_{surroundings},
          post_here_{std::move(post_here)},
          run_as_{std::move(run_as)} {}

    /// What the host keeps for the generations of that plugin here; stays for the room's life.
    ProtectedStore& protected_of(std::string_view plugin);

    /// Never null; stays where it is for the room's life.
    ServiceSlot* slot(std::string_view name);
    /// Takes away what a leaving instance offered. Other rooms hear of it by announce().
    void withdraw(const std::vector<ProvidedService>& provided,
                  const std::vector<ServedService>& served);
    /// `vitals` are counted for as long as it serves.
    void offer(const core::Owner& owner, Vitals& vitals,
               const std::vector<ProvidedService>& provided,
               const std::vector<ServedService>& served);
    /// Tells the other rooms what is served here now. Once after a swap, so that they never see a
    /// name between its old and its new generation.
    void announce();

    /// See Services::call. The answer always comes later, never within the call. 0 for one that
    /// leaves: nothing would come of it.
    std::uint64_t call(std::uint32_t owner, std::string name, std::string method,
                       std::string request, TimeNs due, AnswerFunction answer, void* context);
    bool cancel(std::uint32_t owner, std::uint64_t call);
    /// For an instance that is about to leave: what it waits for is answered with `cancelled`, each
    /// within `answer_as`. It asks nothing more until it is `gone`.
    void leave(std::uint32_t owner,
               const std::function<void(const std::function<void()>&)>& answer_as);
    void gone(std::uint32_t owner) { std::erase(leaving_, owner); }
    std::uint32_t waiting(std::uint32_t owner) const;
    /// The same in words, by services: "2 calls of desk/1 wait for an answer, the first for 40 ms".
    std::vector<std::string> waits(std::uint32_t owner, TimeNs now) const;

    /// Ends the calls whose time is up. Once in each turn of the room.
    void poll(TimeNs now);
    /// The one that turns the room.
    core::RoomThread& thread() noexcept { return thread_; }
    TimeNs turn_began() const noexcept { return turn_began_; }
    TimeNs next_due() const noexcept {
        return deadlines_.empty() ? never : deadlines_.begin()->first;
    }

    static constexpr TimeNs never = INT64_MAX;
    static constexpr std::size_t calls_max = 65'536;

private:
    struct Server {
        std::uint32_t owner = 0;
        Vitals* vitals = nullptr;
        ServiceFunction handler = nullptr;
        void* context = nullptr;
        std::string label{};
    };
    using Deadlines = std::multimap<TimeNs, std::uint64_t>;
    struct Call {
        std::uint32_t owner = 0;
        AnswerFunction answer = nullptr;
        void* context = nullptr;
        Deadlines::iterator deadline;
        std::string service{};
        TimeNs since = 0;
    };
    void run(const std::string& name, const ServiceCall& call);
    void end(std::uint64_t call, Status status, const std::string& bytes);
    bool leaves(std::uint32_t owner) const;
    /// In the order in which they were made.
    std::vector<std::uint64_t> calls_of(std::uint32_t owner) const;
    void forget(std::unordered_map<std::uint64_t, Call>::iterator call);

    core::RoomThread thread_;
    TimeNs turn_began_ = 0;
    Surroundings& surroundings_;
    PostToRoom post_here_;
    RunAs run_as_;
    std::map<std::string, ProtectedStore, std::less<>> protected_;
    std::map<std::string, std::unique_ptr<ServiceSlot>, std::less<>> slots_;
    std::map<std::string, Server, std::less<>> servers_;
    std::vector<std::string> announced_;
    std::unordered_map<std::uint64_t, Call> calls_;
    Deadlines deadlines_;
    std::vector<std::uint32_t> leaving_;  ///< owners, within their end
    std::uint64_t next_call_ = 1;
};

}  // namespace gantry::route

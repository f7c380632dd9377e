// loopback: a transport within the process, as a plugin of its own brings one. The clients of shard
// 0 are played by the service "loopback.0": connect "name:port", write "id bytes", read "id",
// close "id". It does what is wrong, too: fault "writev" at the next of those calls, lie "read",
// alarm "on_ready" has the host call that.
#include <fcntl.h>
#include <gantry/gantry.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#ifndef LOOPBACK_ADOPTS_MAX
#define LOOPBACK_ADOPTS_MAX 1000000  // a version that takes fewer fails in the middle of a swap
#endif

namespace {

using namespace gantry;

char fault_at[24];
char lie_at[24];

/// The place of one who was asked to go wrong there, once.
bool taken(char (&where)[24], std::string_view place) {
    if (place != where) return false;
    where[0] = 0;
    return true;
}
void reach(std::string_view place) {
    if (taken(fault_at, place)) *reinterpret_cast<volatile int*>(std::uintptr_t{0}) = 1;
}
void note(char (&where)[24], std::string_view place) {
    where[place.copy(where, sizeof where - 1)] = 0;
}

/// Who is called by the host.
struct Alarm final : Watcher {
    void on_ready(std::int64_t, std::uint32_t) noexcept override { reach("on_ready"); }
    void on_deadline(std::uint64_t) noexcept override { reach("on_deadline"); }
    void on_wake() noexcept override { reach("on_wake"); }
};

/// One direction's bytes, and who is at its end.
struct Side {
    std::string inbox;
    LinkEvents* events = nullptr;  // null: a client of the service
    bool open = true;
    bool ended = false;  // the other side will write no more
};

/// Freed by the side that closes last.
struct Pipe {
    std::uint64_t id = 0;
    std::string place;
    Side sides[2];  // [0] is the one that was accepted
};

void write_to(Side& to, std::string_view bytes) {
    to.inbox += bytes;
    if (to.events != nullptr) to.events->readable();
}
void end(Side& to) {
    to.ended = true;
    if (to.events != nullptr) to.events->readable();
}
void close_side(Pipe* pipe, int side) {
    Side& mine = pipe->sides[side];
    Side& other = pipe->sides[1 - side];
    mine.open = false;
    mine.events = nullptr;
    if (!other.open) return delete pipe;
    end(other);
}

/// What a link is without its code: this is handed over.
struct End {
    Pipe* pipe;
    int side;
};

class LoopbackLink final : public Link {
public:
    explicit LoopbackLink(End end) : end_{end} {}
    LinkKind kind() const noexcept override { return LinkKind::stream; }
    std::int64_t descriptor() const noexcept override {
        reach("descriptor");
        return -1;
    }
    void attach(LinkEvents* events) noexcept override {
        reach("attach");
        mine().events = events;
    }
    LinkResult open() noexcept override {
        reach("open");
        return LinkResult::ok;
    }
    LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept override {
        reach("read");
        if (taken(lie_at, "read")) return {capacity + 1, LinkResult::ok, 0};
        Side& side = mine();
        if (side.inbox.empty()) {
            return {0, side.ended ? LinkResult::end : LinkResult::would_block, 0};
        }
        const std::size_t bytes = std::min<std::size_t>(side.inbox.size(), capacity);
        std::memcpy(buffer, side.inbox.data(), bytes);
        side.inbox.erase(0, bytes);
        return {bytes, LinkResult::ok, 0};
    }
    LinkIo writev(const Bytes* parts, std::uint32_t count, std::uint32_t) noexcept override {
        reach("writev");
        LinkIo io{0, LinkResult::ok, 0};
        if (taken(lie_at, "writev")) return {1 << 20, LinkResult::ok, 0};
        for (std::uint32_t i = 0; i < count; ++i) {
            write_to(other(), parts[i].text());
            io.bytes += parts[i].size;
        }
        return io;
    }
    void shutdown() noexcept override {
        reach("shutdown");
        end(other());
    }
    NetAddress local() const noexcept override {
        reach("local");
        return {};
    }
    NetAddress remote() const noexcept override {
        reach("remote");
        return {};
    }
    void destroy() noexcept override {
        reach("destroy");
        close_side(end_.pipe, end_.side);
        delete this;
    }
    End release() {
        const End out = end_;
        mine().events = nullptr;
        delete this;
        return out;
    }

private:
    Side& mine() const { return end_.pipe->sides[end_.side]; }
    Side& other() const { return end_.pipe->sides[1 - end_.side]; }
    End end_;
};

/// Where a listener waits: handed over as it is.
struct Place {
    std::string name;
    std::uint16_t port;
    std::uint32_t index;
};

class Loopback;
class LoopbackListener final : public TransportListener {
public:
    LoopbackListener(Loopback& transport, TransportHost& host, Place place)
        : place{std::move(place)}, host{host}, transport_{transport} {}
    NetAddress local() const noexcept override { return {0, 0, place.port, {}}; }
    void destroy() noexcept override;

    Place place;
    TransportHost& host;

private:
    Loopback& transport_;
};

/// What one shard has of the transport.
class Loopback final : public TransportFactory, public TransportHandover {
public:
    ~Loopback() {
        for (const auto& [id, pipe] : clients_) close_side(pipe, 1);
        for (const int end : pipe_) {
            if (end >= 0) ::close(end);
        }
    }

    Str scheme() const noexcept override { return "loopback"; }
    LinkKind kind() const noexcept override { return LinkKind::stream; }
    Status bind(TransportHost* host, const BindRequest* request, TransportListener** listener,
                TransportError* why) noexcept override {
        const std::uint16_t port = request->port != 0 ? request->port : std::uint16_t{1};
        const Place place{std::string{request->address.view()}, port, request->listener_index};
        if (find(key(place)) != nullptr) {
            why->set("somebody listens on loopback " + key(place) + " already");
            return Status::already_exists;
        }
        *listener = listen(*host, place);
        return Status::ok;
    }
    Status connect(TransportHost*, const ConnectRequest* request, Link** link,
                   TransportError* why) noexcept override {
        const std::string place =
            std::string{request->address.view()} + ":" + std::to_string(request->port);
        Pipe* const pipe = dial(place);
        if (pipe == nullptr) {
            why->set("nobody listens on loopback " + place);
            return Status::unavailable;
        }
        *link = new LoopbackLink{{pipe, 1}};
        return Status::ok;
    }

    Status release_link(Link* link, HandoverState* state) noexcept override {
        reach("release_link");
        const End end = static_cast<LoopbackLink*>(link)->release();
        clients_.erase(end.pipe->id);
        state->version = 1;
        state->memory = new End{end};
        return Status::ok;
    }
    Status adopt_link(Str, TransportHost*, const HandoverState* state,
                      Link** link) noexcept override {
        reach("adopt_link");
        if (state->version != 1) return Status::unsupported;
        if (adopted_++ >= LOOPBACK_ADOPTS_MAX) return Status::limit;
        const std::unique_ptr<End> end{static_cast<End*>(state->memory)};
        Pipe* const pipe = end->pipe;
        if (taken(lie_at, "adopt_link")) return close_side(pipe, end->side), Status::ok;
        if (pipe->sides[1].open && pipe->sides[1].events == nullptr) clients_[pipe->id] = pipe;
        last_id_ = std::max(last_id_, pipe->id);
        *link = new LoopbackLink{*end};
        return Status::ok;
    }
    Status release_listener(TransportListener* listener, HandoverState* state) noexcept override {
        reach("release_listener");
        state->version = 1;
        state->memory = new Place{static_cast<LoopbackListener*>(listener)->place};
        listener->destroy();
        return Status::ok;
    }
    Status adopt_listener(Str, TransportHost* host, std::uint32_t, const HandoverState* state,
                          TransportListener** listener) noexcept override {
        reach("adopt_listener");
        if (state->version != 1) return Status::unsupported;
        const std::unique_ptr<Place> place{static_cast<Place*>(state->memory)};
        if (taken(lie_at, "adopt_listener")) return Status::ok;
        *listener = listen(*host, *place);
        return Status::ok;
    }

    void forget(LoopbackListener& listener) { listeners_.erase(key(listener.place)); }

    /// Null when nobody listens there or no room is left.
    Pipe* dial(const std::string& place) {
        LoopbackListener* const listener = find(place);
        if (listener == nullptr) return nullptr;
        auto* const pipe = new Pipe;
        pipe->id = ++last_id_;
        pipe->place = place;
        const std::uint32_t index = taken(lie_at, "accepted") ? 77u : listener->place.index;
        const Status how = listener->host.accepted(index, new LoopbackLink{{pipe, 0}});
        if (how == Status::ok) return pipe;
        close_side(pipe, 1);
        return nullptr;
    }
    /// Never given back: that is what the host is for.
    void have_called(std::string_view what) {
        TransportHost& host = listeners_.begin()->second->host;
        if (what == "on_deadline") host.set_deadline(host.now(), &alarm_, 0);
        if (what == "many") {
            while (host.set_deadline(host.now() + 3'000'000'000, &alarm_, 0) != 0) continue;
        }
        if (what == "later") host.set_deadline(host.now() + 3'000'000'000, &alarm_, 0);
        if (what == "on_wake") host.wake(host.add_waker(&alarm_));
        if (what != "on_ready" || ::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;
        host.watch(pipe_[0], watch_read, &alarm_);
        (void)!::write(pipe_[1], "x", 1);
    }
    Pipe& client(std::uint64_t id) {
        const auto found = clients_.find(id);
        if (found == clients_.end()) throw HandlerError{Status::not_found, "no such client"};
        return *found->second;
    }
    std::uint64_t add_client(Pipe* pipe) {
        clients_[pipe->id] = pipe;
        return pipe->id;
    }
    void close_client(std::uint64_t id) {
        Pipe* const pipe = &client(id);
        clients_.erase(id);
        close_side(pipe, 1);
    }

private:
    static std::string key(const Place& place) {
        return place.name + ":" + std::to_string(place.port);
    }
    LoopbackListener* find(const std::string& place) {
        const auto found = listeners_.find(place);
        return found != listeners_.end() ? found->second : nullptr;
    }
    LoopbackListener* listen(TransportHost& host, const Place& place) {
        return listeners_[key(place)] = new LoopbackListener{*this, host, place};
    }

    Alarm alarm_;
    int pipe_[2] = {-1, -1};
    std::map<std::string, LoopbackListener*> listeners_;
    std::map<std::uint64_t, Pipe*> clients_;
    std::uint64_t last_id_ = 0;
    std::uint64_t adopted_ = 0;
};

void LoopbackListener::destroy() noexcept {
    transport_.forget(*this);
    delete this;
}

class LoopbackPlugin final : public IoPlugin {
    void setup() override {
        transport(loopback_, LOOPBACK_HANDS_OVER ? &loopback_ : nullptr);
        serve("loopback." + std::to_string(self().shard),
              [this](Str method, Bytes request) { return answer(method, request); });
    }
    std::string answer(std::string_view method, Bytes request) {
        const std::string_view text = request.text();
        if (method == "option") return std::string{listener_option(0, Str{text}).view()};
        if (method == "version") return GANTRY_PLUGIN_VERSION;
        if (method == "fail") throw std::runtime_error("as asked");
        if (method == "fault") return note(fault_at, text), std::string{};
        if (method == "lie") return note(lie_at, text), std::string{};
        if (method == "alarm") return loopback_.have_called(text), std::string{};
        if (method == "connect") {
            Pipe* const pipe = loopback_.dial(std::string{text});
            if (pipe == nullptr) throw HandlerError{Status::unavailable, "nobody listens there"};
            return std::to_string(loopback_.add_client(pipe));
        }
        std::uint64_t id = 0;
        const char* const rest = std::from_chars(text.data(), text.data() + text.size(), id).ptr;
        if (method == "write") {
            write_to(loopback_.client(id).sides[0], text.substr(1u + (rest - text.data())));
        } else if (method == "read") {
            Side& side = loopback_.client(id).sides[1];
            return std::exchange(side.inbox, {}) + (side.ended ? "<end>" : "");
        } else {
            loopback_.close_client(id);
        }
        return {};
    }

    Loopback loopback_;
};

}  // namespace

GANTRY_PLUGIN(.name = "loopback", .version = GANTRY_PLUGIN_VERSION,
              .io = gantry::create<LoopbackPlugin>);

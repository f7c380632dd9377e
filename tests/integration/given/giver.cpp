// giver: gives the host pointers that lead nowhere, and sizes that are too large, as a message says
// by name: to its world with message 1, to its shard with message 3. Messages 2 and 4 tell the
// names. Of message 5 its layer changes the payload.
#include <gantry/gantry.h>

#include <functional>
#include <map>
#include <string>

using namespace gantry;

namespace {

constexpr std::uint64_t much = std::uint64_t{1} << 40;

template <class T>
T* nowhere() {
    return reinterpret_cast<T*>(std::uintptr_t{64});
}
const Str no_text{nowhere<const char>(), 5};
const Bytes no_bytes{nowhere<const std::byte>(), 5};
const Str long_text{"short", much};
const Bytes long_bytes{reinterpret_cast<const std::byte*>("short"), much};

/// May only be read.
template <class T>
T* constant() {
    static constexpr T one{};
    return const_cast<T*>(&one);
}

template <class Table>
std::string names_of(const Table& table) {
    std::string names;
    for (const auto& [name, unused] : table) names += name + "\n";
    return names;
}

/// A plugin without the comfort of gantry/cpp.
class Raw : public Plugin {
public:
    void serve(std::uint32_t) noexcept override {}
    void drain(std::uint32_t) noexcept override {}
    void resume() noexcept override {}
    bool idle() noexcept override { return true; }
    void stop() noexcept override {}
    void* query(Str) noexcept override { return nullptr; }
    void destroy() noexcept override { delete this; }

    template <class T>
    T& of() {
        return *static_cast<T*>(host->query(T::interface_id));
    }

    Host* host = nullptr;

protected:
    virtual ~Raw() = default;
};

struct Mark {
    std::uint64_t number[64] = {};
};
constexpr ComponentDesc mark{"test.mark", 1, sizeof(Mark), 8};

class RawWorld final : public Raw {
public:
    using Do = std::function<void(RawWorld&, const Message&)>;
    static const std::map<std::string, Do>& all();
    static Plugin* make() noexcept { return new RawWorld; }

    Status start(Host& given) noexcept override {
        host = &given;
        (void)of<Ecs>().register_component(&mark, &id);
        (void)of<Net>().route(
            2, "names",
            [](void* self, const Message* message) noexcept {
                return static_cast<RawWorld*>(self)->of<Net>().reply(
                    message, std::string_view{names_of(all())});
            },
            this);
        return of<Net>().route(
            1, "do",
            [](void* self, const Message* message) noexcept {
                auto& raw = *static_cast<RawWorld*>(self);
                const auto found = all().find(std::string{message->payload.text()});
                if (found != all().end()) found->second(raw, *message);
                return raw.of<Net>().reply(message, std::string_view{"done"});
            },
            this);
    }

    ComponentId id = no_component;
};

const std::map<std::string, RawWorld::Do>& RawWorld::all() {
    using World = RawWorld;
    static const Entity nobody;
    static std::uint64_t count;
    static const std::map<std::string, Do> table{
        {"query", [](World& w, auto&) { w.host->query(no_text); }},
        {"log", [](World& w, auto&) { w.of<Runtime>().log(LogLevel::info, no_text); }},
        {"report_failure", [](World& w, auto&) { w.of<Runtime>().report_failure("x", no_text); }},
        {"route", [](World& w, auto&) { w.of<Net>().route(9, no_text, nullptr, nullptr); }},
        {"send", [](World& w, auto& m) { w.of<Net>().send(m.session, 9, 0, no_bytes); }},
        {"send much", [](World& w, auto& m) { w.of<Net>().send(m.session, 9, 0, long_bytes); }},
        {"send -1",
         [](World& w, auto& m) {
             w.of<Net>().send(m.session, 9, 0, {no_bytes.data, ~0ull});
         }},
        {"reply", [](World& w, auto& m) { w.of<Net>().reply(&m, no_bytes); }},
        {"reply to", [](World& w, auto&) { w.of<Net>().reply(nowhere<Message>(), Bytes{}); }},
        {"fail", [](World& w, auto& m) { w.of<Net>().fail(&m, Status::limit, long_text); }},
        {"send_many",
         [](World& w, auto&) { w.of<Net>().send_many(nowhere<SessionId>(), 2, 9, Bytes{}); }},
        {"send_many bytes",
         [](World& w, auto& m) { w.of<Net>().send_many(&m.session, 1, 9, no_bytes); }},
        {"broadcast", [](World& w, auto&) { w.of<Net>().broadcast(9, long_bytes); }},
        {"group", [](World& w, auto&) { w.of<Net>().group("g", nowhere<GroupId>()); }},
        {"group name",
         [](World& w, auto&) {
             GroupId group;
             w.of<Net>().group(no_text, &group);
         }},
        {"group_send", [](World& w, auto&) { w.of<Net>().group_send({}, 9, no_bytes); }},
        {"sessions", [](World& w, auto&) { w.of<Net>().sessions(nowhere<SessionId>(), 1); }},
        {"session_info",
         [](World& w, auto& m) { w.of<Net>().session_info(m.session, constant<SessionInfo>()); }},
        {"members",
         [](World& w, auto& m) {
             GroupId group;
             w.of<Net>().group("g", &group);
             w.of<Net>().group_join(group, m.session);
             SessionId one;
             w.of<Groups>().members(group, &one, 1, nowhere<std::uint32_t>());
         }},
        {"network_events",
         [](World& w, auto&) { w.of<Schedule>().network_events(nowhere<const NetworkEvent*>()); }},
        {"system", [](World& w, auto&) { w.of<Schedule>().system(nowhere<SystemDesc>()); }},
        {"system after",
         [](World& w, auto&) {
             SystemDesc desc;
             desc.after = &no_text;
             desc.after_count = 1;
             w.of<Schedule>().system(&desc);
         }},
        {"on_timer", [](World& w, auto&) { w.of<Schedule>().on_timer(no_text, nullptr, nullptr); }},
        {"timer", [](World& w, auto&) { w.of<Schedule>().timer("k", "h", long_bytes, 1, 0, 1); }},
        {"timer_private",
         [](World& w, auto&) {
             w.of<Schedule>().timer_private(no_text, nullptr, nullptr, 1, 0, 1);
         }},
        {"cancel_key", [](World& w, auto&) { w.of<Schedule>().cancel_key(no_text); }},
        {"task_begin", [](World& w, auto&) { w.of<Schedule>().task_begin(nowhere<TaskDesc>()); }},
        {"restart", [](World& w, auto&) { w.of<TaskRestart>().restart(1, "h", no_bytes); }},
        {"provide", [](World& w, auto&) { w.of<Services>().provide(no_text, nullptr); }},
        {"slot", [](World& w, auto&) { w.of<Services>().slot(no_text); }},
        {"serve", [](World& w, auto&) { w.of<Services>().serve(no_text, nullptr, nullptr); }},
        {"call",
         [](World& w, auto&) { w.of<Services>().call("s", "m", no_bytes, 1, nullptr, nullptr); }},
        {"declare", [](World& w, auto&) { w.of<ServiceTypes>().declare("s", no_text, 0); }},
        {"subscribe", [](World& w, auto&) { w.of<Events>().subscribe(no_text, nullptr, nullptr); }},
        {"emit", [](World& w, auto&) { w.of<Events>().emit("e", no_bytes); }},
        {"post", [](World& w, auto&) { w.of<Events>().post("e", no_bytes); }},
        {"post_to", [](World& w, auto&) { w.of<Events>().post_to({7}, "e", no_bytes); }},
        {"find_world", [](World& w, auto&) { w.of<Events>().find_world(long_text); }},
        {"register_component",
         [](World& w, auto&) {
             ComponentDesc desc{"test.other", 1, 8, 8};
             desc.fields = nowhere<FieldDesc>();
             desc.field_count = 3;
             w.of<Ecs>().register_component(&desc, &w.id);
         }},
        {"find_component", [](World& w, auto&) { w.of<Ecs>().find_component(no_text); }},
        {"create_rows",
         [](World& w, auto&) { w.of<Ecs>().create_rows(&w.id, 1, 1, nowhere<ChunkCursor>()); }},
        {"create_entity",
         [](World& w, auto&) { w.of<Ecs>().create_entity(nowhere<ComponentId>(), 1); }},
        {"destroy_entities",
         [](World& w, auto&) { w.of<Ecs>().destroy_entities(&nobody, much, &count); }},
        {"destroyed",
         [](World& w, auto&) {
             w.of<Ecs>().destroy_entities(&nobody, 1, nowhere<std::uint64_t>());
         }},
        {"removed",
         [](World& w, auto&) {
             w.of<Ecs>().remove_components(&nobody, 1, w.id, nowhere<std::uint64_t>());
         }},
        {"add_component",
         [](World& w, auto& m) { w.of<Ecs>().add_component(m.entity, w.id, nowhere<Mark>()); }},
        {"add_components",
         [](World& w, auto&) {
             w.of<Ecs>().add_components(&nobody, 1, w.id, nowhere<Mark>(), sizeof(Mark));
         }},
        {"remove_components",
         [](World& w, auto&) {
             w.of<Ecs>().remove_components(nowhere<Entity>(), 1, w.id, &count);
         }},
        {"set_resource", [](World& w, auto&) { w.of<Ecs>().set_resource(w.id, nowhere<Mark>()); }},
        {"open_query",
         [](World& w, auto&) {
             EcsQuery* query = nullptr;
             w.of<Ecs>().open_query(nowhere<QueryTerm>(), 1, &query);
         }},
        {"next_chunk",
         [](World& w, auto&) {
             EcsQuery* query = nullptr;
             const QueryTerm term{w.id};
             if (w.of<Ecs>().open_query(&term, 1, &query) != Status::ok) return;
             query->next_chunk(constant<ChunkCursor>());
         }},
    };
    return table;
}
class RawShard final : public Raw {
public:
    using Do = std::function<void(RawShard&, const IoMessage&)>;
    static const std::map<std::string, Do>& all();
    static Plugin* make() noexcept { return new RawShard; }

    Status start(Host& given) noexcept override {
        host = &given;
        (void)of<ConnectionComponents>().register_component(&mark, &id);
        LayerDesc layer;
        layer.name = "giver.layer";
        layer.inbound = [](void*, IoMessage* message) noexcept {
            const std::string_view wish = message->id == 5 ? message->payload.text() : "";
            if (wish == "re-point") message->payload = no_bytes;
            if (wish == "enlarge") message->payload.size = much;
            return Verdict::pass;
        };
        (void)of<Io>().layer(&layer);
        (void)of<Services>().serve(
            "giver.reply",
            [](void*, const ServiceCall* call) noexcept {
                call->reply(call->caller, Status::ok, no_bytes);
            },
            nullptr);
        (void)of<Io>().route(
            4, "names",
            [](void* self, const IoMessage* message) noexcept {
                return static_cast<RawShard*>(self)->of<Io>().reply(
                    message, std::string_view{names_of(all())});
            },
            this);
        return of<Io>().route(
            3, "do",
            [](void* self, const IoMessage* message) noexcept {
                auto& raw = *static_cast<RawShard*>(self);
                const auto found = all().find(std::string{message->payload.text()});
                if (found != all().end()) found->second(raw, *message);
                return raw.of<Io>().reply(message, std::string_view{"done"});
            },
            this);
    }

    ComponentId id = no_component;
};

const std::map<std::string, RawShard::Do>& RawShard::all() {
    using Shard = RawShard;
    static const std::map<std::string, Do> table{
        {"query", [](Shard& s, auto&) { s.host->query(no_text); }},
        {"log", [](Shard& s, auto&) { s.of<Runtime>().log(LogLevel::info, long_text); }},
        {"report_failure", [](Shard& s, auto&) { s.of<Runtime>().report_failure(no_text, "x"); }},
        {"layer", [](Shard& s, auto&) { s.of<Io>().layer(nowhere<LayerDesc>()); }},
        {"route", [](Shard& s, auto&) { s.of<Io>().route(9, no_text, nullptr, nullptr); }},
        {"send", [](Shard& s, auto& m) { s.of<Io>().send(m.session, 9, 0, no_bytes); }},
        {"reply", [](Shard& s, auto& m) { s.of<Io>().reply(&m, long_bytes); }},
        {"reply to", [](Shard& s, auto&) { s.of<Io>().reply(nowhere<IoMessage>(), Bytes{}); }},
        {"fail", [](Shard& s, auto& m) { s.of<Io>().fail(&m, Status::limit, no_text); }},
        {"option", [](Shard& s, auto&) { s.of<Listeners>().option(0, no_text); }},
        {"provide", [](Shard& s, auto&) { s.of<Services>().provide(no_text, nullptr); }},
        {"slot", [](Shard& s, auto&) { s.of<Services>().slot(no_text); }},
        {"serve", [](Shard& s, auto&) { s.of<Services>().serve(no_text, nullptr, nullptr); }},
        {"call",
         [](Shard& s, auto&) { s.of<Services>().call(no_text, "m", {}, 1, nullptr, nullptr); }},
        {"declare", [](Shard& s, auto&) { s.of<ServiceTypes>().declare(no_text, "t", 0); }},
        {"add_component",
         [](Shard& s, auto& m) {
             s.of<ConnectionComponents>().add_component(m.session, s.id, nowhere<Mark>());
         }},
        {"next_component",
         [](Shard& s, auto&) {
             s.of<ConnectionComponents>().next_component(s.id, nowhere<SessionId>());
         }},
        {"register_component",
         [](Shard& s, auto&) {
             s.of<ConnectionComponents>().register_component(nowhere<ComponentDesc>(), &s.id);
         }},
    };
    return table;
}

}  // namespace

GANTRY_PLUGIN(.name = "giver", .version = "1.0.0", .world = RawWorld::make, .io = RawShard::make);

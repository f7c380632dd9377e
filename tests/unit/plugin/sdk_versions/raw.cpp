// A plugin against the raw interfaces alone, built with this SDK or a released one, or with a
// descriptor that is shorter or longer than theirs.
#include <gantry/net.h>
#include <gantry/plugin.h>

#include <charconv>
#include <new>

namespace {

using namespace gantry;

class Raw final : public Plugin, public StateTransfer {
    Status start(Host& host) noexcept override {
        net_ = static_cast<Net*>(host.query(Net::interface_id));
        has_later_ =
            host.query("gantry.net/2") != nullptr || host.query("gantry.weather/1") != nullptr;
        if (net_ == nullptr) return Status::unsupported;
        if (const Status status = net_->route(1, "echo", echo, this); status != Status::ok) {
            return status;
        }
        if (const Status status = net_->route(2, "count", count, this); status != Status::ok) {
            return status;
        }
        return net_->route(3, "later", later, this);
    }
    void serve(std::uint32_t) noexcept override {}
    void drain(std::uint32_t) noexcept override {}
    void resume() noexcept override {}
    bool idle() noexcept override { return true; }
    void stop() noexcept override {}
    void* query(Str interface_id) noexcept override {
        return interface_id.view() == StateTransfer::interface_id
                   ? static_cast<StateTransfer*>(this)
                   : nullptr;
    }
    void destroy() noexcept override { delete this; }

    Status save(StateWriter& writer) noexcept override {
        return writer.put("count", {reinterpret_cast<const std::byte*>(&count_), sizeof count_});
    }
    Status restore(StateReader& reader) noexcept override {
        const Bytes bytes = reader.get("count");
        if (bytes.size != sizeof count_) return Status::invalid;
        std::memcpy(&count_, bytes.data, sizeof count_);
        return Status::ok;
    }

    static Status echo(void* self, const Message* message) noexcept {
        return static_cast<Raw*>(self)->net_->reply(message, message->payload);
    }
    static Status count(void* self, const Message* message) noexcept {
        auto& raw = *static_cast<Raw*>(self);
        char text[20];
        const auto [end, error] = std::to_chars(text, text + sizeof text, ++raw.count_);
        return raw.net_->reply(message,
                               std::string_view{text, static_cast<std::size_t>(end - text)});
    }
    static Status later(void* self, const Message* message) noexcept {
        auto& raw = *static_cast<Raw*>(self);
        return raw.net_->reply(message, std::string_view{raw.has_later_ ? "yes" : "no"});
    }

    Net* net_ = nullptr;
    std::uint64_t count_ = 0;
    bool has_later_ = false;
};

Plugin* create() noexcept { return new (std::nothrow) Raw; }

/// The head is that of PluginDesc, for ever.
struct Descriptor {
    std::uint32_t magic = plugin_desc_magic;
    std::uint32_t size = sizeof(Descriptor);
    std::uint16_t abi_major = GANTRY_ABI_MAJOR;
    std::uint16_t abi_minor = GANTRY_ABI_MINOR;
    std::uint32_t dependency_count = 0;
    char name[48] = "raw";
    char version[24] = RAW_VERSION;
    char sdk_version[16] = "0.0.0";
    char toolchain[56] = "";
    std::uint32_t facets = facet_bits::world;
    std::uint32_t reserved = 0;
    Dependency dependencies[dependencies_max] = {};
    CreateFunction create_world = create;
#if RAW_SDK >= 1
    CreateFunction create_io = nullptr;
    CreateFunction create_service = nullptr;
#endif
#if RAW_SDK >= 2
    CreateFunction create_weather = create;  // what nobody knows yet
#endif
};
#ifdef SDK_MINOR
static_assert(GANTRY_ABI_MINOR == SDK_MINOR, "these are not the headers of that SDK");
#endif
static_assert(RAW_SDK != 1 || sizeof(Descriptor) == sizeof(PluginDesc));
static_assert(offsetof(Descriptor, create_world) == offsetof(PluginDesc, create_world));

}  // namespace

extern "C" __attribute__((visibility("default"),
                          section(".gantry_plugin"))) constinit const Descriptor gantry_plugin{};

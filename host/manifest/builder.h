// builder.h: a manifest put together in C++. The compiler checks what a file's schema checks.
//     const Manifest manifest = ManifestBuilder{}
//                                   .listener("players").transport("ws").port(4000).joins("main")
//                                   .world("main").tick_hz(20).plugins({"arena"})
//                                   .plugin("arena").config("bots", 200).probation(5s)
//                                   .build();
#pragma once
#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/core/result.h"
#include "host/manifest/manifest.h"

namespace gantry::manifest {

class ListenerBuilder;
class WorldBuilder;
class PluginBuilder;

/// What is not said has the manifest's default. A builder made from another's JSON is equal to it.
/// [control]
class ManifestBuilder {
public:
    using Milliseconds = std::chrono::milliseconds;

    ManifestBuilder() = default;
    explicit ManifestBuilder(Manifest manifest) : manifest_{std::move(manifest)} {}

    ManifestBuilder& name(std::string name);
    ManifestBuilder& log_level(std::string level);
    /// Threads; 0: one per processor.
    ManifestBuilder& shards(std::uint32_t count);
    ManifestBuilder& workers(std::uint32_t count);
    /// Where those, the service and the acceptor run, and nothing else of the host.
    ManifestBuilder& room_processors(std::vector<std::uint32_t> numbers);
    ManifestBuilder& limits(const Limits& limits);
    ManifestBuilder& shutdown(Milliseconds at_most);
    ManifestBuilder& drop(std::string folder, OnDrop on_drop = OnDrop::load);
    ManifestBuilder& unload_after(Milliseconds absence);
    /// Faults and rollbacks; an empty folder keeps no files.
    ManifestBuilder& incidents(Incidents kept);
    ManifestBuilder& gate(Gate rules);
    ManifestBuilder& admin(Admin admin);
    ManifestBuilder& no_admin();

    /// One more of each; the parts that follow in the chain are its own, until the next begins.
    ListenerBuilder listener(std::string name);
    WorldBuilder world(std::string name);
    PluginBuilder plugin(std::string name);

    Manifest build() const { return manifest_; }
    std::string json() const { return to_json(manifest_); }
    /// After the checks that a file passes; the error has a line for each thing that is wrong.
    Result<Manifest> checked() const;

    friend bool operator==(const ManifestBuilder&, const ManifestBuilder&) = default;

private:
    friend class ListenerBuilder;
    friend class WorldBuilder;
    friend class PluginBuilder;
    Manifest manifest_;
};

/// A part of a chain: what is no word of the part's own goes on with the whole.
class BuilderPart {
public:
    ListenerBuilder listener(std::string name) const;
    WorldBuilder world(std::string name) const;
    PluginBuilder plugin(std::string name) const;
    Manifest build() const { return whole_->build(); }
    std::string json() const { return whole_->json(); }
    Result<Manifest> checked() const { return whole_->checked(); }
    ManifestBuilder& whole() const noexcept { return *whole_; }

protected:
    using Milliseconds = ManifestBuilder::Milliseconds;
    BuilderPart(ManifestBuilder& whole, std::size_t index) : whole_{&whole}, index_{index} {}
    /// Negative or above 49 days is a mistake of ours.
    static std::uint32_t ms(Milliseconds time);
    friend class ManifestBuilder;

    ManifestBuilder* whole_;  // outlives the chain
    std::size_t index_;       // parts are added while others are being built
};

class ListenerBuilder : public BuilderPart {
public:
    /// "tcp", "ws", "ws+scheme", or the scheme of a plugin's transport.
    ListenerBuilder& transport(std::string scheme);
    ListenerBuilder& address(std::string address);
    /// 0: the system chooses.
    ListenerBuilder& port(std::uint16_t port);
    ListenerBuilder& framing(Framing framing);
    ListenerBuilder& payload_bytes_max(std::uint32_t bytes);
    ListenerBuilder& balance(Balance balance);
    ListenerBuilder& backlog(std::uint16_t connections);
    ListenerBuilder& handshake(Milliseconds at_most);
    /// Silence after which a connection closes; zero: never.
    ListenerBuilder& idle(Milliseconds silence);
    ListenerBuilder& queue(const Queue& watermarks);
    ListenerBuilder& websocket(WebSocket settings);
    /// The world of new sessions.
    ListenerBuilder& joins(std::string world);
    ListenerBuilder& middleware(std::vector<std::string> layers);
    ListenerBuilder& option(std::string key, std::string value);

private:
    friend class ManifestBuilder;
    using BuilderPart::BuilderPart;
    Listener& it() const { return whole_->manifest_.listeners[index_]; }
};

class WorldBuilder : public BuilderPart {
public:
    WorldBuilder& plugins(std::vector<std::string> names);
    WorldBuilder& tick_hz(double hz);
    /// Pins it to a worker; the host chooses otherwise.
    WorldBuilder& on_worker(std::uint16_t worker);
    WorldBuilder& catch_up_steps_max(std::uint32_t steps);
    WorldBuilder& entities_max(std::uint32_t count);

private:
    friend class ManifestBuilder;
    using BuilderPart::BuilderPart;
    World& it() const { return whole_->manifest_.worlds[index_]; }
};

class PluginBuilder : public BuilderPart {
public:
    PluginBuilder& file(std::string path);
    PluginBuilder& version_min(std::string version);
    /// The host starts without it and logs why.
    PluginBuilder& optional();
    /// One member of the plugin's config: config("bots", 200).config("map", "north").
    template <class T>
    PluginBuilder& config(std::string_view key, const T& value) {
        if constexpr (std::same_as<T, bool>) {
            return config_member(key, value ? "true" : "false");
        } else if constexpr (std::integral<T>) {
            return config_member(key, std::to_string(value));
        } else if constexpr (std::floating_point<T>) {
            return config_member(key, number(value));
        } else {
            return config_member(key, text(value));
        }
    }
    /// The whole config as the text of a JSON object.
    PluginBuilder& config_json(std::string object);
    PluginBuilder& drain(Milliseconds at_most);
    PluginBuilder& hold(Milliseconds at_most);
    PluginBuilder& at_deadline(AtDeadline what);
    PluginBuilder& probation(Milliseconds time);
    PluginBuilder& rollback_when(const RollbackWhen& limits);
    PluginBuilder& on_fault(OnFault what);
    /// How long a candidate's throw-away process may take.
    PluginBuilder& canary(Milliseconds at_most);
    PluginBuilder& no_canary();

private:
    friend class ManifestBuilder;
    using BuilderPart::BuilderPart;
    PluginBuilder& config_member(std::string_view key, std::string_view json);
    static std::string number(double value);
    static std::string text(std::string_view value);
    Plugin& it() const { return whole_->manifest_.plugins[index_]; }
};

}  // namespace gantry::manifest

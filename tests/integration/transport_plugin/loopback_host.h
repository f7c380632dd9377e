// LoopbackHost: a host whose listener runs over the transport of a plugin, and who plays its
// clients.
#pragma once
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/net.h"

namespace gantry::test {

/// What its world does.
class Echo final : public WorldPlugin {
    void setup() override {
        on(1, [](const Message& message) { return message.payload; });
        on(2, [this](const Message& message) { net().close(message.session); });
        on(3, [this](const Message& message) {
            SessionInfo info;
            net().session_info(message.session, &info);
            return std::string{info.protocol} + " " + info.listener;
        });
    }
};
inline constexpr PluginDesc echo = linked("echo", "1.0.0", create<Echo>);

inline std::string library(int version) {
    return LOOPBACK_FOLDER "/loopback_v" + std::to_string(version) + ".so";
}

struct LoopbackHost {
    explicit LoopbackHost(int version, std::string transport = "loopback", std::uint32_t shards = 1)
        : host{manifest(version, std::move(transport), shards), {.plugins = {&echo}}} {}

    static gantry::manifest::Manifest manifest(int version, std::string transport,
                                               std::uint32_t shards) {
        return gantry::manifest::ManifestBuilder{}
            .shards(shards)
            .workers(1)
            .no_admin()
            .drop("no such folder")
            .incidents({.folder = ""})
            .listener("here")
            .transport(std::move(transport))
            .address("here")
            .port(7)
            .option("greeting", "mind the gap")
            .joins("world")
            .world("world")
            .plugins({"echo"})
            .plugin("echo")
            .plugin("loopback")
            .file(library(version))
            .probation(std::chrono::seconds{1})
            .build();
    }

    std::string ask(const std::string& method, const std::string& request) {
        std::string answer = "nothing";
        const Status status = host.host().call(
            "loopback." + std::to_string(shard), method, request,
            [&](Status how, std::string text) {
                answer = how == Status::ok ? std::move(text) : std::string{"! "} + status_name(how);
            },
            [](std::function<void()> work) { work(); });
        CHECK(status == Status::ok);
        host.settle();
        return answer;
    }
    std::string connect() { return ask("connect", "here:7"); }
    std::vector<std::string> call(const std::string& client, std::uint16_t id,
                                  std::string_view payload) {
        ask("write", client + " " + frame_bytes(id, payload, message_flags::request));
        return cut_all(ask("read", client));
    }
    plugin::SwapReport swap(int version) { return host.swap_file("loopback", library(version)); }
    std::uint64_t unmapped() {
        return host.host().plugins().snapshot().counters.libraries_unmapped;
    }

    std::uint32_t shard = 0;  ///< whose clients are played
    TestHost host;
};

}  // namespace gantry::test

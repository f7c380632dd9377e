// An older version that somebody signed well, when it was new: the manifest can say that it comes
// no more, by whatever way.
#include "host/app/host.h"
#include "host/manifest/builder.h"
#include "host/plugin/gate.h"
#include "host/plugin/signature.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

constexpr const char* too_old = "zoo 1.0.0 is older than the manifest takes: version_min is 1.1.0";

/// Three versions in a folder, each signed by the one key.
struct Signed {
    Signed() {
        std::filesystem::create_directory(drop);
        const auto made = plugin::make_key(folder.path / "key.pem");
        REQUIRE(made.has_value());
        key = *made;
        vulnerable = write("1.0.0");
        candidate = write("1.1.0-rc1");
        mended = write("1.1.0");
        later = write("1.2.0");
    }
    std::filesystem::path write(std::string_view version) const {
        ChangedLibrary library{ZOO_GOOD};
        library.set_version(version);
        const auto file = library.write(drop / ("zoo-" + std::string{version} + ".so"));
        sign(file);
        return file;
    }
    void sign(const std::filesystem::path& file) const {
        const auto signature = plugin::sign(*platform::read_library(file), folder.path / "key.pem");
        REQUIRE(signature.has_value());
        const auto beside = plugin::signature_file(file);
        platform::remove_file(beside);
        REQUIRE(platform::write_new_file(beside, {signature->begin(), signature->end()}));
    }
    manifest::Manifest manifest(const std::filesystem::path& file) const {
        manifest::ManifestBuilder made;
        made.name("downgrade").shards(1).workers(1).no_admin().incidents({.folder = ""});
        manifest::Gate gate;
        gate.require_signature = true;
        gate.keys = {plugin::to_hex(key)};
        made.gate(gate);
        made.drop(drop.string(), manifest::OnDrop::stage);
        made.listener("memory").transport("memory").address("memory").port(1).joins("world");
        made.world("world").plugins({"zoo"});
        made.plugin("zoo").file(file.string()).version_min("1.1.0");
        return made.build();
    }

    ZooFolder folder;
    std::filesystem::path drop = folder.path / "drop";
    plugin::PublicKey key{};
    std::filesystem::path vulnerable, candidate, mended, later;
};

}  // namespace

TEST_CASE("the gate refuses what is older than the manifest takes, however well it is signed") {
    const Signed files;
    plugin::GateRules rules;
    rules.keys = {files.key};
    rules.require_signature = true;
    CHECK(plugin::inspect(files.vulnerable, rules).has_value());
    rules.versions_min.emplace("other", *plugin::Version::parse("9.0.0"));
    CHECK(plugin::inspect(files.vulnerable, rules).has_value());
    rules.versions_min.emplace("zoo", *plugin::Version::parse("1.1.0"));
    const auto refused = plugin::inspect(files.vulnerable, rules);
    REQUIRE_FALSE(refused.has_value());
    CHECK(says(refused.error().message, too_old));
    CHECK_FALSE(plugin::inspect(files.candidate, rules).has_value());
    CHECK(plugin::inspect(files.mended, rules)->signed_by == plugin::to_hex(files.key));
    CHECK(plugin::inspect(files.later, rules).has_value());

    // The good signature of a later one beside it does not help.
    std::filesystem::copy_file(plugin::signature_file(files.later),
                               plugin::signature_file(files.vulnerable),
                               std::filesystem::copy_options::overwrite_existing);
    const auto other = plugin::inspect(files.vulnerable, rules);
    REQUIRE_FALSE(other.has_value());
    CHECK(says(other.error().message, "or the file was changed after it was signed"));
}

TEST_CASE("neither a start nor a swap nor the drop folder brings an old version back") {
    const Signed files;
    const core::ManualClock clock;
    const auto started = app::Host::create(files.manifest(files.vulnerable), clock, {});
    REQUIRE_FALSE(started.has_value());
    CHECK(says(started.error().message, too_old));

    TestHost host{files.manifest(files.mended), {}};
    auto player = host.connect();
    CHECK(player.call(1, "").text == "1");
    const auto report = host.swap_file("zoo", files.vulnerable);
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, too_old));
    const auto by_version = host.host().plugins().swap({.plugins = {{"zoo", "1.0.0", {}}}});
    CHECK_FALSE(by_version.has_value());
    std::size_t refused = 0;
    for (const plugin::Dropped& one : host.host().plugins().snapshot().candidates) {
        if (one.file == files.vulnerable) CHECK(says(one.error, too_old));
        refused += one.error.empty() ? 0 : 1;
    }
    CHECK(refused == 2);
    CHECK(player.call(1, "").text == "2");
    CHECK(host.swap_file("zoo", files.later).outcome == plugin::SwapOutcome::committed);
    CHECK(player.call(1, "").text == "3");
    CHECK_FALSE(player.closed_by_host());
}

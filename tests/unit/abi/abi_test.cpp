// The binary interface is what it was when it was released, slot by slot and byte by byte.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/unit/abi/abi_table.h"

using namespace gantry::test;

namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    REQUIRE_MESSAGE(in.good(), file.string());
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

AbiTable released() { return read_abi(text_of(RELEASED_ABI)); }

AbiEntry& entry(AbiTable& table, std::string_view name) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const AbiEntry& one) { return one.name == name; });
    REQUIRE_MESSAGE(found != table.end(), name);
    return *found;
}

}  // namespace

TEST_CASE("Slots, layouts, numbers and ids are as they were released") {
    const AbiTable table = released();
    CHECK(table.size() > 500);
    for (const std::string& sentence : compare_abi(table, measure_abi())) FAIL_CHECK(sentence);
}

TEST_CASE("The table is complete: every interface id and every pure virtual of the headers") {
    const AbiTable table = released();
    std::vector<std::string> ids;
    std::size_t functions = 0;
    const std::regex id{"interface_id = \"(gantry\\.[a-z_]+/[0-9]+)\""};
    const std::regex function{"noexcept = 0;"};
    for (const auto& file : std::filesystem::recursive_directory_iterator{SDK_HEADERS}) {
        if (file.path().extension() != ".h") continue;
        const std::string text = text_of(file.path());
        for (std::sregex_iterator at{text.begin(), text.end(), id}, end; at != end; ++at) {
            ids.push_back("\"" + (*at)[1].str() + "\"");
        }
        functions += static_cast<std::size_t>(
            std::distance(std::sregex_iterator{text.begin(), text.end(), function}, {}));
    }
    CHECK(ids.size() >= 13);
    for (const std::string& one : ids) {
        CAPTURE(one);
        CHECK(std::count_if(table.begin(), table.end(),
                            [&](const AbiEntry& listed) { return listed.fact == one; }) == 1);
    }
    CHECK(std::count_if(table.begin(), table.end(), [](const AbiEntry& listed) {
              return listed.fact.starts_with("slot ");
          }) == static_cast<std::ptrdiff_t>(functions));
}

TEST_CASE("Slots of an interface count up in the order of its header") {
    const AbiTable table = measure_abi();
    std::string owner;
    std::size_t next = 0;
    for (const AbiEntry& one : table) {
        if (!one.fact.starts_with("slot ")) continue;
        const std::string own = one.name.substr(0, one.name.rfind("::"));
        next = own == owner ? next + 1 : 0;
        owner = own;
        CAPTURE(one.name);
        CHECK(one.fact.starts_with("slot " + std::to_string(next) + ":"));
    }
}

TEST_CASE("What moved is named, and what to do instead") {
    const AbiTable now = measure_abi();
    SUBCASE("two functions changed places, which abidiff does not see") {
        AbiTable before = now;
        std::swap(entry(before, "Net::send").fact, entry(before, "Net::reply").fact);
        const auto sentences = compare_abi(before, now);
        REQUIRE(sentences.size() == 2);
        CHECK(sentences[0].find("Net::send was \"slot 4:") == 0);
        CHECK(sentences[0].find("and is \"slot 3:") != std::string::npos);
        CHECK(sentences[0].find("make \"gantry.net/2\"") != std::string::npos);
    }
    SUBCASE("a function more") {
        AbiTable before = now;
        before.erase(before.begin() + (&entry(before, "Groups::members") - before.data()));
        const auto sentences = compare_abi(before, now);
        REQUIRE(sentences.size() == 1);
        CHECK(sentences[0].find("Groups::members is new in what is released and frozen: make "
                                "\"gantry.groups/2\"") == 0);
    }
    SUBCASE("a field that is gone") {
        AbiTable after = now;
        after.erase(after.begin() + (&entry(after, "Message::text") - after.data()));
        const auto sentences = compare_abi(now, after);
        REQUIRE(sentences.size() == 1);
        CHECK(sentences[0].find("Message::text was \"at ") == 0);
        CHECK(sentences[0].find("is gone") != std::string::npos);
    }
    SUBCASE("a new struct") {
        AbiTable after = now;
        after.push_back({"Weather", "8 bytes, aligned to 8"});
        const auto sentences = compare_abi(now, after);
        REQUIRE(sentences.size() == 1);
        CHECK(sentences[0].find("Weather is new: raise GANTRY_ABI_MINOR") == 0);
    }
}

TEST_CASE("A written table reads back the same") {
    const AbiTable table = measure_abi();
    CHECK(read_abi(write_abi(table)) == table);
}

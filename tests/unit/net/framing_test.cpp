// Framings: the golden vectors that every client must pass, and what each framing refuses.
#include "host/net/framing.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/support/net.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[std::to_integer<int>(byte) >> 4];
        text += digits[std::to_integer<int>(byte) & 15];
    }
    return text;
}

struct Reading {
    nlohmann::json frames = nlohmann::json::array();
    std::string error;
    std::size_t left = 0;
    std::string produced;  // the same frames, encoded again
};

Reading read_all(Framing framing, std::uint32_t payload_bytes_max,
                 std::span<const std::byte> bytes) {
    Reading reading;
    while (true) {
        const Cut cut = cut_frame(framing, payload_bytes_max, bytes);
        if (cut.what == Cut::What::error) reading.error = frame_error_name(cut.error);
        if (cut.what == Cut::What::need_more) CHECK(cut.needed > bytes.size());
        if (cut.what != Cut::What::frame) break;
        const FrameHead& head = cut.frame.head;
        reading.frames.push_back({{"message_id", head.message_id},
                                  {"flags", head.flags},
                                  {"channel", head.channel},
                                  {"correlation_id", head.correlation_id},
                                  {"payload_hex", hex(cut.frame.payload)}});
        reading.produced += frame_bytes(head.message_id, text_of(cut.frame.payload), head.flags,
                                        head.correlation_id, head.channel);
        bytes = bytes.subspan(cut.consumed);
    }
    reading.left = bytes.size();
    return reading;
}

Cut cut(Framing framing, std::string_view bytes, std::uint32_t max = 4) {
    return cut_frame(framing, max, std::as_bytes(std::span{bytes}));
}

}  // namespace

TEST_CASE("the golden vectors read as they say") {
    int vectors = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"proto/golden"}) {
        if (entry.path().extension() != ".json") continue;
        CAPTURE(entry.path().string());
        ++vectors;
        const auto expected = nlohmann::json::parse(read_file(entry.path()));
        auto binary = entry.path();
        const std::string bytes = read_file(binary.replace_extension(".bin"));
        const auto framing = framing_from_name(expected["framing"].get<std::string>());
        REQUIRE(framing);
        const Reading reading =
            read_all(*framing, expected["payload_bytes_max"].get<std::uint32_t>(),
                     std::as_bytes(std::span{bytes}));
        CHECK(reading.frames == expected["frames"]);
        if (expected["error"].is_null()) {
            CHECK(reading.error.empty());
            CHECK(reading.left == expected["bytes_left"].get<std::size_t>());
            if (reading.left == 0) CHECK(reading.produced == bytes);
        } else {
            CHECK(reading.error == expected["error"].get<std::string>());
        }
    }
    CHECK(vectors == 19);
}

TEST_CASE("the golden vectors read the same through a shard, split at every byte") {
    for (const auto& entry : std::filesystem::directory_iterator{"proto/golden"}) {
        if (entry.path().extension() != ".json") continue;
        CAPTURE(entry.path().string());
        const auto expected = nlohmann::json::parse(read_file(entry.path()));
        auto binary = entry.path();
        const std::string bytes = read_file(binary.replace_extension(".bin"));
        std::size_t frames = 0;
        for (const auto& frame : expected["frames"]) frames += (frame["flags"].get<int>() & 8) == 0;
        for (std::size_t split = 0; split <= bytes.size(); ++split) {
            MemoryShard test;
            ListenerConfig config = test.listener();
            config.payload_bytes_max = expected["payload_bytes_max"].get<std::uint32_t>();
            REQUIRE(test.shard.listen(config));
            MemoryClient client = test.connect();
            client.write(bytes.substr(0, split));
            test.settle();
            client.write(bytes.substr(split));
            test.settle();
            CHECK(test.events.frames.size() == frames);
            CHECK(test.events.closed.empty() == expected["error"].is_null());
        }
    }
}

TEST_CASE("length prefixes hold their limit exactly, in both byte orders") {
    CHECK(cut(Framing::u16le, {"\x04\x00"
                               "abcd",
                               6})
              .what == Cut::What::frame);
    CHECK(cut(Framing::u16be, {"\x00\x04"
                               "abcd",
                               6})
              .what == Cut::What::frame);
    CHECK(cut(Framing::u16le, {"\x05\x00", 2}).error == FrameError::payload_too_large);
    CHECK(cut(Framing::u16be, {"\x00\x05", 2}).error == FrameError::payload_too_large);
    CHECK(cut(Framing::u32le, {"\xFF\xFF\xFF\xFF", 4}).error == FrameError::payload_too_large);
    CHECK(cut(Framing::u32be, {"\x80\x00\x00\x00", 4}).error == FrameError::payload_too_large);
    CHECK(cut(Framing::u32le, {"\x04\x00\x00\x00"
                               "abc",
                               7})
              .needed == 8);
    CHECK(cut(Framing::u32be, {"\x00", 1}).needed == 4);
}

TEST_CASE("lines end with either ending, hold their limit, and do not wait for what cannot come") {
    CHECK(text_of(cut(Framing::line, "abcd\n").frame.payload) == "abcd");
    CHECK(text_of(cut(Framing::line, "abcd\r\nx").frame.payload) == "abcd");
    CHECK(cut(Framing::line, "abcd\r\nx").consumed == 6);
    CHECK(text_of(cut(Framing::line, "a\rb\n").frame.payload) == "a\rb");
    CHECK(cut(Framing::line, "\n").frame.payload.empty());
    CHECK(cut(Framing::line, "abcd\r").what == Cut::What::need_more);
    CHECK(cut(Framing::line, "abcde").what == Cut::What::need_more);
    CHECK(cut(Framing::line, "abcde\n").error == FrameError::payload_too_large);
    CHECK(cut(Framing::line, "abcdef").error == FrameError::payload_too_large);
    CHECK(cut(Framing::line, "abcde\r\n").error == FrameError::payload_too_large);
}

TEST_CASE("names of framings and balances go both ways") {
    for (const char* name : {"gantry", "u16le", "u16be", "u32le", "u32be", "line"}) {
        REQUIRE(framing_from_name(name));
        CHECK(std::string{framing_name(*framing_from_name(name))} == name);
    }
    CHECK_FALSE(framing_from_name("u64"));
    for (const char* name : {"kernel", "round_robin", "least", "hash"}) {
        REQUIRE(balance_from_name(name));
        CHECK(std::string{balance_name(*balance_from_name(name))} == name);
    }
    CHECK_FALSE(balance_from_name("random"));
}

TEST_CASE("an error reply reads back, and a payload too short for one does not") {
    std::byte bytes[8];
    CHECK(encode_error(Status::not_found, "", bytes) == error_reply_status_bytes);
    ErrorReply reply;
    REQUIRE(decode_error_reply(std::span{bytes}.first(error_reply_status_bytes), reply));
    CHECK(reply.status == Status::not_found);
    CHECK(reply.sentence.empty());
    CHECK_FALSE(decode_error_reply(std::span{bytes}.first(1), reply));
    // A sentence that is too long is cut.
    CHECK(encode_error(Status::refused, "not today", bytes) == 8);
    REQUIRE(decode_error_reply(bytes, reply));
    CHECK(reply.sentence == "not to");
}

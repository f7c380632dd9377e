// WebSocket frames, UTF-8, SHA-1 and deflate: the tables of the RFCs.
#include "host/net/ws_codec.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "host/net/sha1.h"
#include "host/net/utf8.h"
#include "host/net/ws_deflate.h"
#include "host/net/ws_handshake.h"
#include "tests/support/net.h"

using namespace gantry::net;
using namespace gantry::test;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

WsHeadResult parse(std::string_view bytes, WsHead& head, std::size_t& needed) {
    return parse_ws_head(bytes_of(bytes), head, needed);
}

bool is_utf8(std::string_view text) {
    Utf8Check whole;
    const bool at_once = whole.feed(bytes_of(text)) && whole.complete();
    Utf8Check pieces;
    bool split = true;
    for (const char& c : text) split = pieces.feed(std::as_bytes(std::span{&c, 1})) && split;
    CHECK((split && pieces.complete()) == at_once);
    return at_once;
}

}  // namespace

TEST_CASE("the examples of RFC 6455, 5.7 parse") {
    WsHead head;
    std::size_t needed = 0;
    CHECK(parse("\x81\x05Hello", head, needed) == WsHeadResult::ok);
    CHECK((head.fin && head.opcode == ws_opcode::text && !head.masked));
    CHECK(head.payload_bytes == 5);
    CHECK(head.head_bytes == 2);

    std::string masked = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    CHECK(parse(masked, head, needed) == WsHeadResult::ok);
    CHECK(head.masked);
    CHECK(head.head_bytes == 6);
    auto payload = std::as_writable_bytes(std::span{masked}).subspan(6);
    apply_ws_mask(payload, head.mask);
    CHECK(masked.substr(6) == "Hello");

    CHECK(parse({"\x01\x03Hel", 5}, head, needed) == WsHeadResult::ok);
    CHECK_FALSE(head.fin);
    CHECK(parse({"\x80\x02lo", 4}, head, needed) == WsHeadResult::ok);
    CHECK(head.opcode == ws_opcode::continuation);
    CHECK(parse({"\x82\x7E\x01\x00", 4}, head, needed) == WsHeadResult::ok);
    CHECK(head.payload_bytes == 256);
    CHECK(parse({"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10}, head, needed) ==
          WsHeadResult::ok);
    CHECK(head.payload_bytes == 65536);
}

TEST_CASE("a head that is not whole says how much it needs") {
    const std::string whole{"\x82\xFF\x00\x00\x00\x00\x00\x01\x00\x00mask", 14};
    for (std::size_t have = 0; have < whole.size(); ++have) {
        WsHead head;
        std::size_t needed = 0;
        CHECK(parse(whole.substr(0, have), head, needed) == WsHeadResult::need_more);
        CHECK(needed == (have < 2 ? 2 : 14));
    }
}

TEST_CASE("heads that the RFC forbids are malformed") {
    const std::string bad[] = {
        {"\x83\x00", 2},                       // reserved data opcode
        {"\x8B\x00", 2},                       // reserved control opcode
        {"\xA1\x00", 2},                       // RSV2
        {"\x91\x00", 2},                       // RSV3
        {"\x09\x00", 2},                       // fragmented ping
        {"\x89\x7E\x00\x7E", 4},               // long ping
        {"\xC8\x00", 2},                       // compressed close
        {"\x82\x7E\x00\x7D", 4},               // 16-bit length that fits in 7
        {"\x82\x7F\0\0\0\0\0\0\xFF\xFF", 10},  // 64-bit length that fits in 16
        {"\x82\x7F\x80\0\0\0\0\0\0\0", 10},    // top bit set
    };
    for (const std::string& bytes : bad) {
        WsHead head;
        std::size_t needed = 0;
        CHECK(parse(bytes, head, needed) == WsHeadResult::malformed);
    }
}

TEST_CASE("what is encoded parses back, at every length where the form changes") {
    const WsMask mask{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    for (const std::uint64_t length : {0ull, 125ull, 126ull, 65535ull, 65536ull, 1ull << 40}) {
        for (const bool masked : {false, true}) {
            std::byte out[ws_head_bytes_max];
            const std::size_t bytes =
                encode_ws_head(ws_opcode::binary, true, length, masked ? &mask : nullptr, out);
            WsHead head;
            std::size_t needed = 0;
            REQUIRE(parse_ws_head({out, bytes}, head, needed) == WsHeadResult::ok);
            CHECK(head.payload_bytes == length);
            CHECK(head.rsv1);
            CHECK(head.head_bytes == bytes);
            CHECK(head.masked == masked);
            if (masked) CHECK(head.mask == mask);
        }
    }
}

TEST_CASE("a mask applied in slices is the mask applied at once") {
    const WsMask mask{std::byte{0x11}, std::byte{0x22}, std::byte{0x33}, std::byte{0x44}};
    for (std::size_t size = 0; size < 40; ++size) {
        for (std::size_t split = 0; split <= size; ++split) {
            std::vector<std::byte> a(size), b(size), c(size);
            for (std::size_t i = 0; i < size; ++i) a[i] = b[i] = static_cast<std::byte>(i);
            apply_ws_mask(a, mask);
            apply_ws_mask(std::span{b}.first(split), mask);
            apply_ws_mask(std::span{b}.subspan(split), mask, split);
            CHECK(a == b);
            for (std::size_t i = 0; i < size; ++i) c[i] = static_cast<std::byte>(i) ^ mask[i % 4];
            CHECK(a == c);
        }
    }
}

TEST_CASE("close codes: those a peer may send, and those it may not") {
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999}) {
        CHECK(ws_close_code_allowed(static_cast<std::uint16_t>(code)));
    }
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535}) {
        CHECK_FALSE(ws_close_code_allowed(static_cast<std::uint16_t>(code)));
    }
}

TEST_CASE("UTF-8 is told from what only looks like it, whole and byte by byte") {
    const std::string good[] = {"",
                                "plain ascii, longer than eight",
                                "\xC2\x80",
                                "\xDF\xBF",
                                "\xE0\xA0\x80",
                                "\xED\x9F\xBF",
                                "\xEE\x80\x80",
                                "\xEF\xBF\xBF",
                                "\xF0\x90\x80\x80",
                                "\xF4\x8F\xBF\xBF",
                                "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
                                std::string{"nul\0nul", 7}};
    for (const std::string& text : good) CHECK(is_utf8(text));
    const std::string bad[] = {"\x80",
                               "\xBF",
                               "\xC0\x80",
                               "\xC1\xBF",
                               "\xC2",
                               "\xC2\x41",
                               "\xE0\x80\x80",
                               "\xE0\x9F\xBF",
                               "\xED\xA0\x80",
                               "\xED\xBF\xBF",
                               "\xE1\x80",
                               "\xF0\x80\x80\x80",
                               "\xF0\x8F\xBF\xBF",
                               "\xF4\x90\x80\x80",
                               "\xF5\x80\x80\x80",
                               "\xFE",
                               "\xFF",
                               "12345678\xFF",
                               "\xF0\x90\x80"};
    for (const std::string& text : bad) CHECK_FALSE(is_utf8(text));
}

TEST_CASE("SHA-1 and base64 give the published values") {
    const auto hex = [](std::string_view text) {
        std::string out;
        for (const std::uint8_t byte : sha1(text)) {
            constexpr char digits[] = "0123456789abcdef";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
        return out;
    };
    CHECK(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex(std::string(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    const auto encoded = [](std::string_view text) {
        return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    };
    CHECK(encoded("") == "");
    CHECK(encoded("f") == "Zg==");
    CHECK(encoded("fo") == "Zm8=");
    CHECK(encoded("foo") == "Zm9v");
    CHECK(encoded("foobar") == "Zm9vYmFy");
    CHECK(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("deflate: the examples of RFC 7692, a round trip, and a bomb that is capped") {
    WsCompressor compressor;
    std::vector<std::byte> out;
    const std::string_view hello = "\xF2\x48\xCD\xC9\xC9\x07\x00";
    CHECK(compressor.inflate(bytes_of({hello.data(), 7}), 100, out) == WsCompressor::Result::ok);
    CHECK(text_of(out) == "Hello");
    out.clear();
    const std::string stored{"\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00", 11};
    CHECK(compressor.inflate(bytes_of(stored), 100, out) == WsCompressor::Result::ok);
    CHECK(text_of(out) == "Hello");
    out.clear();
    const std::string last{"\xF3\x48\xCD\xC9\xC9\x07\x00\x00", 8};  // BFINAL is set
    CHECK(compressor.inflate(bytes_of(last), 100, out) == WsCompressor::Result::ok);
    CHECK(text_of(out) == "Hello");

    const std::string text = std::string(50'000, 'a') + "end";
    const auto packed =
        compressor.deflate(bytes_of(text.substr(0, 10)), bytes_of(text).subspan(10));
    const std::vector<std::byte> copy(packed.begin(), packed.end());
    CHECK(copy.size() < 1000);
    out.clear();
    CHECK(compressor.inflate(copy, text.size(), out) == WsCompressor::Result::ok);
    CHECK(text_of(out) == text);
    out.clear();
    CHECK(compressor.inflate(copy, text.size() - 1, out) == WsCompressor::Result::too_large);
    CHECK(out.size() == text.size());
    out.clear();
    CHECK(compressor.inflate(bytes_of("\xFF\xFF\xFF"), 100, out) ==
          WsCompressor::Result::malformed);
}

#include "host/plugin/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "host/platform/private_file.h"

namespace gantry::plugin {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)>;
using Memory = std::unique_ptr<BIO, decltype(&::BIO_free)>;

constexpr std::size_t key_file_bytes_max = 16 * 1024;

const unsigned char* plain(std::span<const std::byte> bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<Key> read_key(const std::filesystem::path& file) {
    auto text = platform::read_private_file(file, key_file_bytes_max);
    if (!text) return text.error();
    const Memory memory{::BIO_new_mem_buf(text->data(), static_cast<int>(text->size())),
                        &::BIO_free};
    Key key{::PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr), &::EVP_PKEY_free};
    if (key == nullptr || ::EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
        return Error{Status::invalid, file.string() +
                                          ": this is no private Ed25519 key in PEM form; make one "
                                          "with: gantry keygen FILE"};
    }
    return key;
}

Result<PublicKey> public_half(const Key& key) {
    PublicKey half;
    std::size_t bytes = half.size();
    auto* const out = reinterpret_cast<unsigned char*>(half.data());
    if (::EVP_PKEY_get_raw_public_key(key.get(), out, &bytes) != 1 || bytes != half.size()) {
        return Error{Status::internal, "the public half of the key cannot be told"};
    }
    return half;
}

}  // namespace

Result<PublicKey> parse_public_key(std::string_view text) {
    PublicKey key;
    bool right = text.size() == key.size() * 2;
    for (std::size_t i = 0; right && i < key.size(); ++i) {
        const int high = hex_digit(text[2 * i]);
        const int low = hex_digit(text[2 * i + 1]);
        right = high >= 0 && low >= 0;
        key[i] = static_cast<std::byte>(high * 16 + low);
    }
    if (right) return key;
    return Error{Status::invalid,
                 fmt::format("\"{}\" is no public key: it has 64 hexadecimal digits, as gantry "
                             "keygen prints them",
                             text)};
}

bool is_signed_by(const PublicKey& key, std::span<const std::byte> bytes,
                  const Signature& signature) {
    const Key public_key{
        ::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, plain(key), key.size()),
        &::EVP_PKEY_free};
    const Context context{::EVP_MD_CTX_new(), &::EVP_MD_CTX_free};
    return public_key != nullptr && context != nullptr &&
           ::EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) ==
               1 &&
           ::EVP_DigestVerify(context.get(), plain(signature), signature.size(), plain(bytes),
                              bytes.size()) == 1;
}

Result<PublicKey> make_key(const std::filesystem::path& file) {
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
        return Error{Status::already_exists,
                     file.string() + ": there is a file of that name, and keys are not replaced"};
    }
    const Key key{::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &::EVP_PKEY_free};
    const Memory memory{::BIO_new(::BIO_s_mem()), &::BIO_free};
    if (key == nullptr || memory == nullptr ||
        ::PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                        nullptr) != 1) {
        return Error{Status::internal, "libcrypto could not make a key"};
    }
    char* text = nullptr;
    const long bytes = BIO_get_mem_data(memory.get(), &text);
    auto written =
        platform::write_private_file(file, std::string(text, static_cast<std::size_t>(bytes)));
    if (!written) return written.error();
    return public_half(key);
}

Result<Signature> sign(std::span<const std::byte> bytes, const std::filesystem::path& key_file) {
    const auto key = read_key(key_file);
    if (!key) return key.error();
    const Context context{::EVP_MD_CTX_new(), &::EVP_MD_CTX_free};
    Signature signature;
    std::size_t size = signature.size();
    if (context == nullptr ||
        ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
        ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         plain(bytes), bytes.size()) != 1 ||
        size != signature.size()) {
        return Error{Status::internal, key_file.string() + ": libcrypto could not sign with it"};
    }
    return signature;
}

std::filesystem::path signature_file(const std::filesystem::path& library) {
    auto file = library;
    file += ".sig";
    return file;
}

}  // namespace gantry::plugin

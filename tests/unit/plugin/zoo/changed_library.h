// ChangedLibrary: a good library with some bytes changed, for what no compiler would write.
#pragma once
#include <doctest/doctest.h>
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gantry/plugin.h"
#include "host/platform/shadow_copy.h"

namespace gantry::test {

class ChangedLibrary {
public:
    explicit ChangedLibrary(const std::filesystem::path& file)
        : bytes{*platform::read_library(file)} {}

    /// The descriptor's place: its magic stands nowhere else.
    std::size_t descriptor() const {
        const std::uint32_t magic = plugin_desc_magic;
        return find({reinterpret_cast<const char*>(&magic), sizeof magic});
    }
    std::size_t find(std::string_view text) const {
        const auto* begin = reinterpret_cast<const std::byte*>(text.data());
        const auto found = std::search(bytes.begin(), bytes.end(), begin, begin + text.size());
        REQUIRE(found != bytes.end());
        return static_cast<std::size_t>(found - bytes.begin());
    }
    template <class T>
    void put(std::size_t offset, T value) {
        REQUIRE(offset + sizeof value <= bytes.size());
        std::memcpy(bytes.data() + offset, &value, sizeof value);
    }
    template <class T>
    T get(std::size_t offset) const {
        T value;
        std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    }
    template <class T>
    void put_in_descriptor(std::size_t offset, T value) {
        put(descriptor() + offset, value);
    }
    void set_version(std::string_view version) {
        char field[sizeof PluginDesc::version] = {};
        std::copy(version.begin(), version.end(), field);
        for (std::size_t i = 0; i < sizeof field; ++i) {
            put(descriptor() + offsetof(PluginDesc, version) + i, field[i]);
        }
    }
    /// Both texts are of one length.
    void rename(std::string_view from, std::string_view to) {
        REQUIRE(from.size() == to.size());
        const std::size_t at = find(from);
        for (std::size_t i = 0; i < to.size(); ++i) put(at + i, to[i]);
    }
    /// `to` is not longer; the rest is zeros.
    void replace(std::string_view from, std::string to) {
        REQUIRE(to.size() <= from.size());
        to.resize(from.size());
        rename(from, to);
    }
    /// The offset of a section header of that type.
    std::size_t section(std::uint32_t type) const {
        const auto header = get<Elf64_Ehdr>(0);
        for (std::size_t i = 0; i < header.e_shnum; ++i) {
            const std::size_t at = header.e_shoff + i * sizeof(Elf64_Shdr);
            if (get<Elf64_Shdr>(at).sh_type == type) return at;
        }
        FAIL("no such section");
        return 0;
    }
    /// The offset of the dynamic symbol of that name.
    std::size_t symbol(std::string_view name) const {
        const auto header = get<Elf64_Ehdr>(0);
        const auto table = get<Elf64_Shdr>(section(SHT_DYNSYM));
        const auto names =
            get<Elf64_Shdr>(header.e_shoff + table.sh_link * sizeof(Elf64_Shdr)).sh_offset;
        for (std::size_t at = table.sh_offset; at < table.sh_offset + table.sh_size;
             at += sizeof(Elf64_Sym)) {
            const auto* const text =
                reinterpret_cast<const char*>(bytes.data()) + names + get<Elf64_Sym>(at).st_name;
            if (text == name) return at;
        }
        FAIL("no such symbol");
        return 0;
    }
    /// The offset of a program header of that type.
    std::size_t segment(std::uint32_t type) const {
        const auto header = get<Elf64_Ehdr>(0);
        for (std::size_t i = 0; i < header.e_phnum; ++i) {
            const std::size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
            if (get<Elf64_Phdr>(at).p_type == type) return at;
        }
        FAIL("no such segment");
        return 0;
    }
    /// The offset of a dynamic entry of that tag.
    std::size_t entry(std::int64_t tag) const {
        const auto dynamic = get<Elf64_Phdr>(segment(PT_DYNAMIC));
        for (std::size_t at = dynamic.p_offset; at < dynamic.p_offset + dynamic.p_filesz;
             at += sizeof(Elf64_Dyn)) {
            if (get<Elf64_Dyn>(at).d_tag == tag) return at;
        }
        FAIL("no such dynamic entry");
        return 0;
    }
    void put_in_entry(std::int64_t tag, std::uint64_t value) {
        put(entry(tag) + offsetof(Elf64_Dyn, d_un), value);
    }

    std::filesystem::path write(const std::filesystem::path& file) const {
        std::filesystem::remove(file);
        std::ofstream out{file, std::ios::binary};
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
        return file;
    }

    std::vector<std::byte> bytes;
};

}  // namespace gantry::test
